"""Champion against challenger over the real tables: what serves, what is compared, what people sign."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from deployments.models import Deployment, DeploymentState
from models_registry.actions.create_registry import RegistrySpec, create_registry
from models_registry.models import DigestBasis, Intake, ModelVersion, RegisteredModel, Registry
from releases.actions.reevaluate import reevaluate
from releases.comparing.champion import champions_in
from releases.comparing.comparison import Change, MetricLine, compare, direction_of
from releases.comparing.drawn import panel_of
from releases.comparing.known import known_of
from releases.comparing.pages import compared_in
from releases.gates.measures import Measure

COMPARE = {
    "name": "champion",
    "applies_to": {"kinds": ["model"]},
    "compare": {
        "metrics": [{"metric": "auc", "greater_is_better": True, "min_absolute_change": "0.01"}],
        "no_champion": "pass",
    },
}


def model(scene, auc=None, *, artifact="credit", slices=(), **record):
    """A version of a model; ``record`` is what MLflow said."""
    version = scene.version(artifact, kind="model")
    if auc is not None:
        scene.evidence(version, {"auc": auc})
    if slices:
        document = {
            "schema": "gatehouse.fairness/v1",
            "slices": [
                {"attribute": "age", "value": value, "n": 500, "metrics": {"selection_rate": rate}}
                for value, rate in slices
            ],
        }
        scene.evidence(version, json.dumps(document).encode(), kind="fairness")
    if record:
        recorded(scene, version, **record)
    return version


def recorded(scene, version, **record):
    registry = Registry.objects.filter(project=scene.project).first() or create_registry(
        scene.project,
        "main",
        RegistrySpec(tracking_url="https://mlflow.example.com"),
        by=scene.admin,
    )
    known, _ = RegisteredModel.objects.get_or_create(
        registry=registry, artifact=version.artifact, name=version.artifact.name
    )
    said = {"files": [], "digest_basis": DigestBasis.RECORD, **record}
    return ModelVersion.objects.create(  # leaves no event: only the test reads it
        model=known,
        number=scene.count,
        artifact_version=version,
        intake=Intake.COMPLETE,
        snapshot_digest=f"sha256:{scene.count:064}",
        **said,
    )


def serve(scene, *versions, release=None):
    """Let the versions serve, as after a successful deployment."""
    place = scene.staging
    scene.in_force(place, gates=[], approvals=[])
    request = scene.request(release or scene.release(*versions, tested=False), place)
    deployment = Deployment.objects.create(
        change_request=request,
        environment=place,
        state=DeploymentState.SUCCEEDED,
        finished_at=timezone.now(),
        give_up_at=timezone.now(),
        lease_until=timezone.now(),
    )
    request.state, request.deployed_at = "deployed", timezone.now()
    request.save()
    return deployment


def gate_of(request, name="champion"):
    return request.gate_results.get(name=name)


def asked(scene, version, *gates, **more):
    scene.in_force(scene.staging, gates=list(gates or [COMPARE]), approvals=[])
    return scene.request(scene.release(version, tested=False), **more)


def test_the_champion_is_what_was_put_there_last_whatever_came_after(scene):
    old, new = model(scene), model(scene)
    serve(scene, old)
    last = serve(scene, new)
    serve(scene, scene.version("api"))
    places = [scene.staging.pk, scene.production.pk]
    found = champions_in(places, [old.artifact_id])
    assert {key: champion.version for key, champion in found.items()} == {
        (scene.staging.pk, old.artifact_id): new
    }
    before = champions_in(places, [old.artifact_id], before=last.pk)
    assert [champion.version for champion in before.values()] == [old]


def test_finding_champions_takes_one_query(scene, django_assert_num_queries):
    versions = [model(scene, artifact=f"model-{n}") for n in range(4)]
    serve(scene, *versions)
    with django_assert_num_queries(1):
        champions_in([scene.staging.pk], {version.artifact_id for version in versions})


def test_a_version_that_is_not_better_by_enough_is_blocked(scene):
    serve(scene, model(scene, 0.8))
    request = asked(scene, model(scene, 0.805))
    result = gate_of(request)
    assert request.state == "blocked"
    assert result.outcome == "fail"
    assert "credit 1.1.0 has 0.8; wanted: better by at least 0.01." in result.detail
    assert result.satisfied_by == "A version whose auc is at least 0.81 satisfies this."
    assert result.evidence.kind == "metrics"


def test_the_first_version_passes_where_the_policy_allows_it(scene):
    request = asked(scene, model(scene, 0.5))
    assert gate_of(request).outcome == "pass"


def test_the_same_version_again_is_not_compared_with_itself(scene):
    version = model(scene, 0.8)
    serve(scene, version)
    request = asked(scene, version)
    assert gate_of(request).outcome == "pass"
    assert "serves in staging already" in gate_of(request).detail


def test_a_rollback_is_not_compared_with_what_it_takes_back(scene):
    scene.in_force(scene.staging, gates=[COMPARE], approvals=[])
    old = scene.release(model(scene, 0.7), tested=False)
    serve(scene, release=old)
    serve(scene, model(scene, 0.8))
    scene.in_force(scene.staging, gates=[COMPARE], approvals=[])
    request = scene.request(old, kind="rollback")
    assert gate_of(request).outcome == "pass"


def test_a_report_that_ran_out_is_no_measurement(scene):
    serve(scene, model(scene, 0.8))
    version = model(scene)
    report = scene.evidence(version, {"auc": 0.9}, valid_until=timezone.now() + timedelta(hours=1))
    request = asked(scene, version)
    assert gate_of(request).outcome == "pass"
    assert request.check_again_at <= report.valid_until
    type(report).objects.update(valid_until=timezone.now())
    request = reevaluate(request.number, by=scene.admin)
    assert gate_of(request).outcome == "inconclusive"


def test_another_champion_is_another_statement(scene):
    """Who signs signs the comparison; when another version serves, the signature is about something else."""
    serve(scene, model(scene, 0.7))
    version = model(scene, 0.9)
    request = asked(scene, version)
    stated = {gate["gate"]: gate for gate in request.statement.document["gates"]}["champion"]
    assert len(stated["inputs"]) == 3  # our report, the champion, its report
    before = request.statement.digest
    serve(scene, model(scene, 0.71))
    scene.in_force(scene.staging, gates=[COMPARE], approvals=[])
    request = reevaluate(request.number, by=scene.admin)
    stated = {gate["gate"]: gate for gate in request.statement.document["gates"]}["champion"]
    assert request.statement.digest != before
    assert stated["outcome"] == "pass"


def test_metrics_of_mlflow_are_compared_too_and_slices_by_their_names(scene):
    logged = [{"key": "auc", "value": 0.8}, {"key": "auc__age=young", "value": 0.7}]
    better = [{"key": "auc", "value": 0.82}, {"key": "auc__age=young", "value": 0.6}]
    serve(scene, model(scene, metrics=logged))
    against = compared_in(with_project(scene, model(scene, metrics=better)))
    (whole,), (young,) = against.comparison.metrics, against.comparison.slices
    assert whole.change is Change.BETTER
    assert (young.slice, young.change) == ("age=young", Change.WORSE)
    assert young.challenger.source == "MLflow run"


def test_not_a_number_is_shown_as_such_and_blocks(scene):
    serve(scene, model(scene, 0.8))
    nan = [{"key": "auc", "value": None, "said": "NaN"}]
    version = model(scene, metrics=nan)
    assert compared_in(with_project(scene, version)).panel.metrics[0].challenger == "NaN"
    first = serve(scene, model(scene, metrics=[{"key": "auc", "value": 0.8}]))
    assert first
    request = asked(scene, version)
    assert gate_of(request).outcome == "inconclusive"
    assert "is NaN in the MLflow run" in gate_of(request).detail


def test_parameters_and_data_that_changed_are_named(scene):
    loans = {"name": "loans", "context": "training", "strength": "strong"}
    serve(
        scene,
        model(
            scene,
            parameters={"depth": "4", "seed": "1", "old": "x"},
            datasets=[{**loans, "digest": "md5:1"}],
        ),
    )
    version = model(
        scene,
        parameters={"depth": "5", "seed": "1", "new": "y"},
        datasets=[{**loans, "digest": "md5:2"}],
    )
    comparison = compared_in(with_project(scene, version)).comparison
    assert {line.name: line.change for line in comparison.parameters} == {
        "depth": "changed", "seed": "unchanged", "old": "removed", "new": "added",
    }  # fmt: skip
    (data,) = comparison.data
    assert (data.change, data.old_digest, data.new_digest) == ("changed", "md5:1", "md5:2")


def test_reproducibility_is_asked_of_what_mlflow_said(scene):
    gate = {"name": "again", "applies_to": {"kinds": ["model"]}, "reproducibility": {}}
    version = model(scene, 0.8, git_commit="5d1c" * 10, git_dirty=True, parameters={"seed": "1"})
    request = asked(scene, version, gate)
    result = gate_of(request, "again")
    assert result.outcome == "fail"
    assert "changes that are in no commit" in result.detail
    assert "Commit the changes and train again." in result.satisfied_by


def test_fairness_is_a_gate_of_its_own(scene):
    gate = {"name": "fair", "applies_to": {"kinds": ["model"]}, "fairness": {"min_n": 100}}
    fair = model(scene, slices=[("young", 0.4), ("old", 0.5)])
    unfair = model(scene, slices=[("young", 0.3), ("old", 0.5)])
    assert gate_of(asked(scene, fair, gate), "fair").outcome == "pass"
    refused = gate_of(asked(scene, unfair, gate), "fair")
    assert refused.outcome == "fail"
    assert refused.evidence.kind == "fairness"
    silent = gate_of(asked(scene, model(scene), gate), "fair")
    assert (silent.outcome, silent.satisfied_by) == (
        "inconclusive",
        "Upload a fairness report for credit 1.5.0 as evidence of kind fairness.",
    )


def test_a_report_without_a_verdict_is_read_where_the_policy_says_so(scene):
    gate = {
        "name": "drift",
        "evidence": "evidently",
        "expression": "evidence.drift.share < 0.5",
        "on_inconclusive": "read",
    }
    metrics = [
        {
            "id": "m",
            "metric_name": "DriftedColumnsCount(drift_share=0.5)",
            "config": {"type": "evidently:metric_v2:DriftedColumnsCount", "drift_share": 0.5},
            "value": {"count": 1.0, "share": 0.25},
        }
    ]
    version = model(scene)
    scene.evidence(version, {"metrics": metrics, "tests": []}, kind="evidently")
    assert gate_of(asked(scene, version, gate), "drift").outcome == "pass"
    del gate["on_inconclusive"]
    reevaluated = asked(scene, model(scene), gate)
    assert gate_of(reevaluated, "drift").outcome == "inconclusive"
    scene.evidence(
        reevaluated.release.items.get().artifact_version,
        {"metrics": metrics, "tests": []},
        kind="evidently",
    )
    again = reevaluate(reevaluated.number, by=scene.admin)
    assert gate_of(again, "drift").outcome == "inconclusive"


def test_the_number_of_queries_does_not_grow_with_the_models(scene, django_assert_num_queries):
    versions = [model(scene, 0.8, artifact=f"model-{n}", parameters={"a": "1"}) for n in range(4)]
    with django_assert_num_queries(2):
        known = known_of(versions, at=timezone.now())
    with django_assert_num_queries(0):
        for version in versions:
            panel_of(compare(known[version.pk], None, None, None), "staging")


@pytest.mark.parametrize(
    ("metric", "said", "direction"),
    [
        ("val_auc", {}, True),
        ("calibration.brier", {}, False),
        ("income", {}, None),
        ("auc", {"auc": False}, False),
    ],
)
def test_the_policy_says_which_direction_is_better_and_names_tell_the_rest(metric, said, direction):
    assert direction_of(metric, said) is direction


def with_project(scene, version):
    version.artifact.project = scene.project
    return version


@pytest.mark.parametrize(
    ("ours", "theirs", "answer"),
    [("a", "b", True), ("a", "a", False), ("a", "", False), ("", "b", False), ("", "", False)],
)
def test_measured_on_other_data_is_said_only_where_both_sides_name_it(ours, theirs, answer):
    sides = [
        Measure("auc", "", Decimal("0.8"), "MLflow run", dataset=dataset)
        for dataset in (ours, theirs)
    ]
    line = MetricLine(
        metric="auc", slice="", challenger=sides[0], champion=sides[1], greater_is_better=True
    )
    assert line.on_other_data is answer
