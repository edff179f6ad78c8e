"""The full comparison: what changed in MLflow is seen, what vanished is asked for, nothing is lost."""

import pytest
from django.db import connection

from models_registry import work
from models_registry.actions import lease
from models_registry.clients.port import RegistryUnavailable
from models_registry.models import Finding, Intake, ModelVersion, RegisteredModel, SyncPhase
from tests.audit.conftest import connected_as
from tests.models_registry.lab import Lab, trained


@pytest.fixture
def risk(lab, anna):
    """A model with two versions that were taken in."""
    anna.model("credit-risk")
    trained(anna)
    trained(anna)
    lab.sync()
    return lab


def test_a_second_comparison_finds_nothing_and_writes_nothing(risk, django_assert_num_queries):
    before = list(ModelVersion.objects.order_by("pk").values()), risk.events()
    assert risk.sync().sentence == "Compared: nothing new."
    assert (list(ModelVersion.objects.order_by("pk").values()), risk.events()) == before


def test_a_deleted_version_is_kept_with_everything_and_becomes_a_finding(risk, anna):
    before = risk.version("credit-risk", 2)
    anna.delete_version("credit-risk", 2)
    assert risk.sync().sentence == "Compared: 1 gone."
    version = risk.version("credit-risk", 2)
    assert version.gone_at is not None
    assert (version.source, version.run_id, version.files) == (
        before.source,
        before.run_id,
        before.files,
    )
    assert version.artifact_version == before.artifact_version
    assert risk.findings == ["version_deleted"]
    assert risk.events("models_registry.found")
    risk.sync()
    assert risk.findings == ["version_deleted"]


def test_a_deleted_model_is_kept_and_becomes_a_finding(risk, anna):
    anna.delete_model("credit-risk")
    risk.sync()
    model = RegisteredModel.objects.get()
    assert model.gone_at is not None
    assert not model.versions.filter(gone_at=None).exists()
    assert risk.findings == ["model_deleted"]


def test_a_model_made_anew_under_the_name_of_a_deleted_one_is_another(risk, anna):
    anna.delete_model("credit-risk")
    anna.model("credit-risk")
    trained(anna)
    risk.sync()
    old, new = RegisteredModel.objects.order_by("pk")
    assert (old.gone_at is None, new.gone_at is None) == (False, True)
    assert new.artifact != old.artifact
    assert risk.findings == ["number_reused"]
    assert new.versions.get().number == 1


def test_a_renamed_model_stays_the_same_artifact(risk, anna):
    artifact = risk.model("credit-risk").artifact
    anna.rename("credit-risk", "credit-score")
    risk.sync()
    model = risk.model("credit-score")
    assert (model.artifact, model.former_names) == (artifact, ["credit-risk"])
    assert risk.findings == ["model_renamed"]
    assert ModelVersion.objects.count() == 2
    trained(anna, "credit-score")
    risk.sync()
    assert risk.version("credit-score", 3).artifact_version.artifact == artifact


def test_an_alias_that_moved_outside_is_a_finding_on_the_model_and_the_environment(risk, anna):
    anna.alias("credit-risk", "champion", 1)
    risk.sync()
    anna.alias("credit-risk", "champion", 2)
    risk.sync()
    anna.remove_alias("credit-risk", "champion")
    risk.sync()
    assert risk.findings == ["alias_set", "alias_moved", "alias_removed"]
    assert {finding.environment.name for finding in Finding.objects.all()} == {"production"}
    moved = Finding.objects.get(kind="alias_moved")
    assert moved.facts == {"alias": "champion", "before": 1, "after": 2}
    assert moved.version.number == 2
    assert (
        risk.events("models_registry.model_changed", "models_registry.found")
        == [
            "models_registry.found",
            "models_registry.model_changed",
        ]
        * 3
    )


def test_an_alias_that_stands_for_no_environment_is_a_finding_on_the_model_only(risk, anna):
    anna.alias("credit-risk", "shadow", 1)
    risk.sync()
    assert Finding.objects.get().environment is None
    assert risk.version("credit-risk").aliases == ["shadow"]


def test_aliases_that_were_there_before_the_portal_came_are_no_findings(lab, anna):
    anna.model("credit-risk")
    trained(anna)
    anna.alias("credit-risk", "champion", 1)
    lab.sync()
    assert lab.findings == []
    assert lab.model("credit-risk").aliases == {"champion": 1}


def test_a_changed_stage_is_a_finding(risk, anna):
    anna.stage("credit-risk", 1, "Production")
    risk.sync()
    assert risk.version("credit-risk").stage == "Production"
    assert risk.findings == ["stage_changed"]


def test_changed_tags_and_descriptions_are_events_and_no_findings(risk, anna):
    anna.tag("credit-risk", 1, "reviewed", "yes")
    anna.call("PATCH", "model-versions/update", name="credit-risk", version="1", description="new")
    anna.call("POST", "registered-models/set-tag", name="credit-risk", key="owner", value="risk")
    risk.sync()
    version = risk.version("credit-risk")
    assert (version.tags, version.description) == ({"reviewed": "yes"}, "new")
    assert risk.model("credit-risk").tags == {"owner": "risk"}
    assert risk.findings == []
    assert risk.events()[-2:] == [
        "models_registry.model_changed",
        "models_registry.version_changed",
    ]


def test_the_snapshot_does_not_follow_what_is_changed_later(risk, anna):
    before = risk.version("credit-risk").snapshot_digest
    run_id = risk.version("credit-risk").run_id
    anna.call("POST", "runs/log-batch", run_id=run_id, params=[{"key": "late", "value": "1"}])
    anna.tag("credit-risk", 1, "x", "y")
    risk.sync(every_answer=True)
    version = risk.version("credit-risk")
    assert "late" not in version.parameters
    assert version.snapshot_digest == before


def test_a_version_deleted_in_the_middle_of_a_comparison_leaves_nothing_by_halves(
    lab, anna, standin
):
    anna.model("credit-risk")
    for _ in range(3):
        trained(anna)

    def delete(call, asked):
        if call == "runs/get":
            standin.after.clear()
            anna.delete_version("credit-risk", 2)

    standin.after.append(delete)
    lab.sync()
    assert lab.sync().sentence == "Compared: 1 gone."
    gone = lab.version("credit-risk", 2)
    assert gone.gone_at is not None
    assert gone.trained_by == "anna"


@pytest.mark.parametrize("vanish", ["alpha", "beta"])
def test_rows_that_vanish_while_pages_are_read_hide_no_others(
    lab, anna, standin, monkeypatch, vanish
):
    monkeypatch.setattr("models_registry.clients.mlflow.VERSIONS_PER_PAGE", 3)
    for name in ("alpha", "beta", "gamma"):
        anna.model(name)
        for _ in range(3):
            anna.version(name)

    def delete(call, asked):
        if call == "model-versions/search" and "filter" not in asked:
            standin.after.clear()
            anna.delete_version(vanish, 1)

    standin.after.append(delete)
    lab.sync()
    assert ModelVersion.objects.count() == (9 if vanish == "alpha" else 8)
    lab.sync()
    assert ModelVersion.objects.filter(gone_at=None).count() == 8
    assert lab.findings == (["version_deleted"] if vanish == "alpha" else [])


def test_rows_that_are_added_while_pages_are_read_are_taken_in_once(
    lab, anna, standin, monkeypatch
):
    monkeypatch.setattr("models_registry.clients.mlflow.VERSIONS_PER_PAGE", 2)
    for name in ("alpha", "beta"):
        anna.model(name)
        for _ in range(3):
            anna.version(name)

    def add(call, asked):
        if call == "model-versions/search" and "filter" not in asked:
            standin.after.clear()
            anna.version("alpha")
            anna.model("aaa")
            anna.version("aaa")

    standin.after.append(add)
    lab.sync()
    lab.sync()
    assert ModelVersion.objects.count() == 8


def test_a_change_seen_by_a_hint_and_taken_back_since_is_not_taken_for_unchanged(risk, anna):
    anna.tag("credit-risk", 1, "x", "1")
    risk.sync()
    anna.tag("credit-risk", 1, "x", "2")
    risk.hint("credit-risk")
    assert risk.version("credit-risk").tags == {"x": "2"}
    anna.tag("credit-risk", 1, "x", "1")
    risk.sync()
    assert risk.version("credit-risk").tags == {"x": "1"}


def test_one_worker_at_a_time_reads_a_registry(risk):
    registry = lease.claim(risk.registry.pk, holder="first")
    assert not work.sync(risk.registry.pk)
    lease.say(registry, SyncPhase.VERSIONS, done=1, total=2, holder="first")
    assert risk.state.is_running
    lease.release(registry, holder="first")
    assert work.sync(risk.registry.pk)


def test_a_worker_goes_on_where_another_died(lab, anna, monkeypatch, standin):
    monkeypatch.setattr("models_registry.reconcile.AT_ONCE", 2)
    anna.model("credit-risk")
    for _ in range(5):
        trained(anna, files=False)

    say = work.Reconcile._say

    def die_after_two_portions(self, phase, done=0, total=0):
        if phase == SyncPhase.RUNS and done == 4:
            raise KeyboardInterrupt
        say(self, phase, done, total)

    with monkeypatch.context() as patched:
        patched.setattr(work.Reconcile, "_say", die_after_two_portions)
        with pytest.raises(KeyboardInterrupt):
            work.sync(lab.registry.pk)
    assert ModelVersion.objects.count() == 4
    assert not work.sync(lab.registry.pk)  # the dead worker's lease
    lab.end_lease()
    before = len([1 for call, _ in standin.calls if call == "runs/get"])
    assert work.sync(lab.registry.pk)
    assert ModelVersion.objects.count() == 5
    assert len([1 for call, _ in standin.calls if call == "runs/get"]) == before + 1


def test_what_an_overtaken_worker_saw_is_not_written(lab, anna, monkeypatch):
    anna.model("credit-risk")
    trained(anna)

    run = work.Reconcile.everything

    def everything(self, **options):
        lab.change(name_pattern="other")
        run(self, **options)

    monkeypatch.setattr(work.Reconcile, "everything", everything)
    assert not work.sync(lab.registry.pk)
    assert not ModelVersion.objects.exists()


def test_no_transaction_is_open_while_mlflow_is_waited_for(
    transactional_db, standin, anna, settings
):
    lab = Lab.make(standin.url)
    anna.model("credit-risk")
    trained(anna)
    open_ones = []

    def look(call, asked):
        with connected_as("postgres") as onlooker, onlooker.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND xact_start IS NOT NULL"
                " AND pid <> pg_backend_pid() AND usename = 'gatehouse_app'",
                [connection.settings_dict["NAME"]],
            )
            open_ones.append(cursor.fetchone()[0])

    standin.after.append(look)
    lab.sync()
    assert lab.version("credit-risk").intake == Intake.COMPLETE
    assert open_ones
    assert set(open_ones) == {0}


@pytest.mark.parametrize("how", ["whole", "one by one"])
def test_two_models_that_swap_their_names_stay_the_same_artifacts(risk, anna, how):
    anna.model("credit-score")
    anna.version("credit-score")
    risk.sync()
    before = {name: risk.model(name).artifact_id for name in ("credit-risk", "credit-score")}
    for old, new in (("risk", "x"), ("score", "risk"), ("x", "score")):
        anna.rename(f"credit-{old}", f"credit-{new}")
    if how == "whole":
        risk.sync()
    else:
        risk.hint("credit-score")
    after = {name: risk.model(name).artifact_id for name in ("credit-risk", "credit-score")}
    assert after == {
        "credit-risk": before["credit-score"],
        "credit-score": before["credit-risk"],
    }
    assert risk.findings == ["model_renamed", "model_renamed"]
    assert risk.model("credit-score").former_names == ["credit-risk"]
    assert RegisteredModel.objects.count() == 2
    assert risk.sync().sentence == "Compared: nothing new."


def test_a_model_that_takes_the_name_that_another_one_left_stays_the_same_artifact(risk, anna):
    anna.model("credit-score")
    risk.sync()
    before = {name: risk.model(name).artifact_id for name in ("credit-risk", "credit-score")}
    anna.rename("credit-score", "credit-worth")
    anna.rename("credit-risk", "credit-score")
    risk.sync()
    assert risk.names == ["credit-score", "credit-worth"]
    assert risk.model("credit-score").artifact_id == before["credit-risk"]
    assert risk.model("credit-worth").artifact_id == before["credit-score"]
    assert risk.findings == ["model_renamed", "model_renamed"]


def test_a_renamed_model_whose_old_name_another_has_now_stays_the_same_artifact(risk, anna):
    artifact = risk.model("credit-risk").artifact
    anna.rename("credit-risk", "credit-score")
    anna.model("credit-risk")
    trained(anna, "credit-risk")
    risk.sync()
    assert risk.model("credit-score").artifact == artifact
    assert risk.model("credit-risk").artifact != artifact
    assert risk.findings == ["model_renamed"]
    assert ModelVersion.objects.filter(gone_at=None).count() == 3


@pytest.mark.parametrize("end", ["fails", "dies", "fails at a hint"])
def test_a_change_seen_before_the_end_of_a_comparison_that_had_none_is_seen_to_be_taken_back(
    risk, anna, standin, monkeypatch, end
):
    anna.tag("credit-risk", 1, "x", "1")
    risk.sync()
    anna.tag("credit-risk", 1, "x", "2")
    with monkeypatch.context() as patched:
        if end == "dies":
            patched.setattr(work.Reconcile, "_absent_models", died)
            with pytest.raises(KeyboardInterrupt):
                work.sync(risk.registry.pk)
            risk.end_lease()
        elif end == "fails":
            patched.setattr(work.Reconcile, "_absent_models", unavailable)
            assert risk.sync().result == "errored"
        else:
            patched.setattr(work.Reconcile, "_absent_versions", unavailable)
            risk.hint("credit-risk")
    assert risk.version("credit-risk").tags == {"x": "2"}
    anna.tag("credit-risk", 1, "x", "1")
    risk.sync()
    assert risk.version("credit-risk").tags == {"x": "1"}


def died(*_args, **_options):
    raise KeyboardInterrupt


def unavailable(*_args, **_options):
    raise RegistryUnavailable("MLflow went away.")


def test_the_lease_is_renewed_while_many_are_asked_for_that_may_be_gone(risk, anna, monkeypatch):
    monkeypatch.setattr("models_registry.reconcile.SAY_EVERY", 2)
    for _ in range(3):
        trained(anna, files=False)
    risk.sync()
    for number in range(1, 6):
        anna.delete_version("credit-risk", number)
    told = []
    work.sync(risk.registry.pk, tell=lambda *how_far: told.append(how_far))
    assert [how_far for how_far in told if how_far[0] == SyncPhase.ABSENCES] == [
        (SyncPhase.ABSENCES, 0, 0),
        (SyncPhase.ABSENCES, 2, 5),
        (SyncPhase.ABSENCES, 4, 5),
    ]
    assert risk.state.sentence == "Compared: 5 gone."
