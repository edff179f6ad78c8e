"""What the portal takes in from MLflow, and what it makes of it."""

import hashlib

import pytest
from django.core.cache import cache
from django.urls import reverse

from audit.canonical import canonical
from audit.models import Event
from catalog.actions.add_identity import add_identity
from catalog.models import ArtifactKind
from models_registry import work
from models_registry.models import DigestBasis, Intake, ModelVersion
from models_registry.queue import READ_FILES
from models_registry.snapshot import digest_of
from releases.comparing.known import known_of
from releases.eligibility import authors_of
from tests import factories
from tests.models_registry.lab import trained

GIT = {
    "mlflow.source.git.commit": "4f1c" * 10,
    "mlflow.source.git.branch": "main",
    "mlflow.source.git.dirty": "true",
    "mlflow.source.git.repoURL": "https://git.example.com/credit",
}
DATASET = {
    "tags": [{"key": "mlflow.data.context", "value": "training"}],
    "dataset": {
        "name": "loans",
        "digest": "c4cf349b",
        "source_type": "s3",
        "source": '{"uri": "s3://lake/loans.parquet"}',
        "schema": '{"mlflow_colspec": [{"type": "double", "name": "income", "required": true}]}',
    },
}


def test_a_registered_model_becomes_an_artifact_and_its_version_an_artifact_version(lab, anna):
    anna.model("credit-risk")
    trained(anna)
    lab.sync()
    version = lab.version("credit-risk")
    assert version.intake == Intake.COMPLETE
    assert version.artifact_version.artifact.kind == ArtifactKind.MODEL
    assert version.artifact_version.artifact.name == "credit-risk"
    assert version.artifact_version.version == "1"
    assert lab.events() == [
        "models_registry.registry_created",
        "models_registry.model_taken_in",
        "models_registry.version_taken_in",
        "models_registry.version_completed",
    ]


def test_everything_that_a_reviewer_must_know_is_kept(lab, anna):
    anna.model("credit-risk")
    trained(
        anna,
        tags=GIT,
        params={"C": 0.5, "solver": "lbfgs"},
        metrics=[("auc", 0.7, 0), ("auc", 0.9, 2), ("loss", "NaN", 0), ("peak", "Infinity", 1)],
        datasets=[DATASET],
        run_name="first",
    )
    lab.sync()
    version = lab.version("credit-risk")
    assert version.parameters == {"C": "0.5", "solver": "lbfgs"}
    auc, loss, peak = version.metrics
    assert (auc["key"], auc["value"], auc["step"]) == ("auc", 0.9, 2)
    assert (loss["value"], loss["said"]) == (None, "NaN")
    assert (peak["value"], peak["said"]) == (None, "Infinity")
    assert (version.git_commit, version.git_branch) == ("4f1c" * 10, "main")
    assert version.git_dirty is True
    assert version.git_repository == "https://git.example.com/credit"
    assert (version.trained_by, version.run_name, version.run_status) == (
        "anna",
        "first",
        "FINISHED",
    )
    assert version.datasets == [
        {
            "name": "loans",
            "digest": "c4cf349b",
            "strength": "weak",
            "source_type": "s3",
            "source": '{"uri": "s3://lake/loans.parquet"}',
            "context": "training",
            "columns": [["income", "double"]],
        }
    ]
    assert version.flavours["sklearn"]["sklearn_version"] == "1.9.1"
    assert version.signature["inputs"] == [{"name": "income", "type": "double"}]


def evaluated(anna):
    """A model whose run measured it, and another run twice, on two sets of data."""
    anna.model("credit-risk")
    run_id = anna.run(finished=False)
    model_id = anna.logged_model(run_id)
    anna.measure(run_id, model_id, ("auc", 0.9, 2), dataset=("train", "11111111"))
    other = anna.run(finished=False)
    anna.measure(other, model_id, ("auc", 0.7, 0), ("gap", 0, 0), dataset=("holdout", "22222222"))
    anna.measure(other, model_id, ("auc", 0.8, 1), dataset=("holdout", "22222222"))
    anna.measure(other, model_id, ("auc", 0.6, 1), dataset=("abroad", "33333333"))
    anna.end(run_id)
    anna.version("credit-risk", source=f"models:/{model_id}", run_id=run_id)
    return other


def test_what_other_runs_measured_of_the_model_is_kept_with_run_and_data(lab, anna):
    other = evaluated(anna)
    lab.sync()
    version = lab.version("credit-risk")
    told = {
        (each["key"], each.get("run"), each.get("dataset"), each.get("dataset_digest")): (
            each["value"] if each["value"] is not None else each["said"]
        )
        for each in version.metrics
    }
    assert told == {
        ("auc", None, "train", "11111111"): 0.9,
        ("auc", other, "holdout", "22222222"): 0.8,
        ("auc", other, "abroad", "33333333"): 0.6,
        ("gap", other, "holdout", "22222222"): "0 or NaN",
    }
    assert version.snapshot_digest == digest_of(version)
    completed = Event.objects.get(type="models_registry.version_completed")
    assert completed.facts["data"]["snapshot"] == version.snapshot_digest


def test_its_own_run_is_believed_before_another_one(lab, anna):
    other = evaluated(anna)
    lab.sync()
    version = lab.version("credit-risk").artifact_version
    measures = known_of([version], at=None)[version.pk].measures
    own, *others = [
        (str(each.value), each.source, each.dataset) for each in measures.get(("auc", ""))
    ]
    assert own == ("0.9", "MLflow run", "11111111")
    assert set(others) == {
        ("0.8", f"MLflow run {other[:8]}", "22222222"),
        ("0.6", f"MLflow run {other[:8]}", "33333333"),
    }


def test_the_page_says_which_run_measured_on_which_data(lab, anna, client):
    other = evaluated(anna)
    lab.sync()
    client.force_login(factories.person("vera"))
    page = client.get(reverse("models_registry:version", args=[lab.version("credit-risk").pk]))
    assert f"run <code>{other[:8]}</code>" in " ".join(page.content.decode().split())
    assert "<code>22222222</code>" in page.content.decode()


def test_an_mlflow_that_does_not_show_the_model_does_not_hold_the_version_up(lab, anna, standin):
    evaluated(anna)
    standin.faults.append(
        lambda call, asked: (
            (403, b"{}", "application/json") if call.startswith("logged-models/") else None
        )
    )
    lab.sync()
    version = lab.version("credit-risk")
    assert version.intake == Intake.COMPLETE
    assert [each["value"] for each in version.metrics] == [0.9]
    assert (
        "What other runs measured of the model is not known: MLflow answered" in version.remarks[-1]
    )


def test_the_digest_is_over_the_files_and_anybody_can_compute_it_again(lab, anna, standin):
    anna.model("credit-risk")
    trained(anna)
    lab.sync()
    version = lab.version("credit-risk")
    prefix = version.download_uri.removeprefix("mlflow-artifacts:/") + "/"
    files = [
        {"path": path.removeprefix(prefix), "size": len(content), "sha256": sha256(content)}
        for path, content in sorted(standin.files.items())
    ]
    whole = {"model": "gatehouse.model-files/v1", "files": files}
    assert version.files == files
    assert version.artifact_version.digest == f"sha256:{sha256(canonical(whole))}"
    assert version.digest_basis == DigestBasis.FILES


def test_files_out_of_reach_are_said_to_be_so(lab, anna):
    anna.model("credit-risk")
    anna.version("credit-risk", source="s3://models/credit/1")
    lab.sync()
    version = lab.version("credit-risk")
    assert version.digest_basis == DigestBasis.RECORD
    assert "The files lie at s3:…, where MLflow does not hand them out" in version.digest_sentence
    assert "not over its files" in version.digest_sentence
    assert version.artifact_version.uri == "s3://models/credit/1"


def test_files_larger_than_the_limit_are_not_read(lab, anna, settings, standin):
    settings.MODEL_FILES_MAX_BYTES = 20
    anna.model("credit-risk")
    trained(anna)
    lab.sync()
    version = lab.version("credit-risk")
    assert version.digest_basis == DigestBasis.RECORD
    assert "more than 20 bytes" in version.digest_sentence
    assert not [call for call, path in standin.calls if call == "artifacts" and "MLmodel" in path][
        3:
    ]


def test_files_that_are_larger_than_they_are_said_to_be_are_read_up_to_the_limit(
    lab, anna, settings, standin
):
    settings.MODEL_FILES_MAX_BYTES = 20
    anna.model("credit-risk")
    trained(anna)
    listed = b'{"files": [{"path": "MLmodel", "is_dir": false, "file_size": 1}]}'
    standin.faults.append(
        lambda call, asked: (
            (200, listed, "application/json") if call == "artifacts" and not asked["path"] else None
        )
    )
    lab.sync()
    version = lab.version("credit-risk")
    assert (version.digest_basis, version.files) == (DigestBasis.RECORD, [])
    assert "more than 20 bytes" in version.digest_sentence


def test_a_version_without_a_run_is_taken_in_with_a_remark(lab, anna):
    anna.model("credit-risk")
    anna.version("credit-risk")
    lab.sync()
    version = lab.version("credit-risk")
    assert version.remarks[0].startswith("It was registered without a run")
    assert version.artifact_version.authors == []


def test_a_version_whose_run_is_still_going_on_waits_for_its_end(lab, anna):
    anna.model("credit-risk")
    run_id = anna.run(metrics=[("auc", 0.7, 0)], finished=False)
    anna.version("credit-risk", run_id=run_id)
    lab.sync()
    waiting = lab.version("credit-risk")
    assert (waiting.intake, waiting.artifact_version) == (Intake.WAITING, None)
    assert f"Its run {run_id} is still going on" in waiting.digest_sentence
    anna.call(
        "POST",
        "runs/log-batch",
        run_id=run_id,
        metrics=[{"key": "auc", "value": 0.8, "timestamp": 1, "step": 1}],
    )
    anna.end(run_id)
    lab.hurry()
    lab.sync()
    version = lab.version("credit-risk")
    assert version.intake == Intake.COMPLETE
    assert version.metrics[0]["value"] == 0.8


@pytest.mark.parametrize(
    "name", ["credit risk", "modèle é", "模型", "...", "a" * 256, 'it\'s "one"']
)
def test_any_name_that_mlflow_takes_is_taken_in(lab, anna, name):
    anna.model(name)
    trained(anna, name)
    lab.sync()
    assert lab.version(name).artifact_version.artifact.name
    assert lab.state.sentence == "Compared: 1 new versions."


def test_two_names_that_look_alike_are_two_artifacts(lab, anna):
    for name in ("credit risk", "credit-risk", "credit  risk"):
        anna.model(name)
    lab.sync()
    names = {
        lab.model(name).artifact.name for name in ("credit risk", "credit-risk", "credit  risk")
    }
    assert len(names) == 3


def test_a_name_that_another_kind_of_artifact_has_is_not_taken_from_it(lab, anna):
    factories.version(lab.project, "credit-risk")
    anna.model("credit-risk")
    lab.sync()
    assert lab.model("credit-risk").artifact.name.startswith("credit-risk-")


def test_only_models_that_match_the_pattern_come_in(lab, anna):
    lab.change(name_pattern="credit-*, fraud")
    for name in ("credit-risk", "fraud", "fraud-2", "weather"):
        anna.model(name)
        anna.version(name)
    lab.sync()
    assert lab.names == ["credit-risk", "fraud"]


def test_a_worker_reads_files_for_a_moment_and_then_lets_others_have_their_turn(
    lab, anna, monkeypatch, django_capture_on_commit_callbacks
):
    nudged = []
    monkeypatch.setattr("catalog.nudges._send", lambda *message: nudged.append(message[:2]))
    anna.model("credit-risk")
    trained(anna)
    trained(anna)
    work.sync(lab.registry.pk)
    waiting = ModelVersion.objects.filter(intake=Intake.WAITING)
    with django_capture_on_commit_callbacks(execute=True), monkeypatch.context() as patched:
        patched.setattr("models_registry.work.PORTION_SECONDS", 0)
        work.read_some_files(lab.registry.pk)
    assert nudged == [(READ_FILES, lab.registry.pk)]
    assert waiting.count() == 2
    cache.add(f"models_registry.reading_files.{lab.registry.pk}", 1)
    work.read_some_files(lab.registry.pk)
    assert waiting.count() == 2, "another process is at it"
    cache.clear()
    with django_capture_on_commit_callbacks(execute=True):
        work.read_some_files(lab.registry.pk)
    assert waiting.count() == 0
    assert len(nudged) == 1


def test_who_trained_a_model_is_an_author_of_it(lab, anna):
    anna.model("credit-risk")
    trained(anna, user="anna.k")
    trained(anna, user="tom@example.com")
    lab.sync()
    versions = [lab.version("credit-risk", number).artifact_version for number in (1, 2)]
    assert versions[0].authors == [{"mlflow": "anna.k"}]
    tom, sofia = factories.person("tom"), factories.person("sofia")
    found = authors_of(versions)
    assert list(found.known) == [tom.pk]
    assert found.unknown == (
        "credit-risk 1 was made by the MLflow user anna.k, who has no account here",
    )
    add_identity(sofia, kind="mlflow", value="Anna.K", by=factories.admin())
    assert set(authors_of(versions).known) == {tom.pk, sofia.pk}
    assert authors_of(versions).known[sofia.pk] == "trained or registered credit-risk 1"


def test_personal_names_stay_outside_of_the_entries(lab, anna):
    from audit.models import Event  # noqa: PLC0415 -- needs Django

    anna.model("credit-risk")
    trained(anna, user="anna.k")
    lab.sync()
    assert not [event for event in Event.objects.all() if b"anna.k" in bytes(event.entry)]


def sha256(content):
    return hashlib.sha256(content).hexdigest()
