"""From data to where it runs: what the graph holds, what it leaves out, and who may see it."""

import io
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from deployments.lineage.drawn import MOST_ROWS, picture_of
from deployments.lineage.graph import (
    Carried,
    Facts,
    Kind,
    Made,
    Released,
    Run,
    Stage,
    dataset_id,
    graph_of,
)
from deployments.lineage.reading import (
    FOR_A_PAGE,
    Bounds,
    lineage_of,
    lineage_of_environment,
    lineage_of_record,
)
from deployments.models import DeploymentState
from models_registry.models import Intake, ModelVersion
from releases.actions.add_evidence import add_evidence
from releases.comparing.datasets import Dataset, Pin
from tests.releases.scene import make_scene
from tests.releases.test_comparison import model, serve
from tests.releases.test_data_changes import ONE, TWO, lock

NOW = "2026-11-01T00:00:00Z"


@pytest.fixture
def scene(db):
    return make_scene()


# ── the graph by itself ────────────────────────────────────────────────────────────────────────


def data(name, *, role="source", digest=ONE):
    pin = Pin(digest=f"md5:{digest}", algorithm="md5", strength="strong", said_by="dvc.lock")
    return Dataset(name=name, path=name, role=role, pins=(pin,))


def stage(reads, makes):
    return Stage(reads=frozenset(reads), makes=frozenset(makes))


def made(*datasets, stages=(), run=True, **more):
    known = {
        "id": "version:1",
        "name": "credit 7",
        "kind": "model",
        "digest": "",
        "url": "",
        "pk": 1,
    }
    trained = Run(id="run:1", name="run", detail="", url="") if run else None
    return Made(
        **{**known, "is_subject": True, **more}, datasets=datasets, stages=stages, run=trained
    )


def released(pk=1, items=(1,)):
    return Released(pk=pk, name=f"r{pk}", detail="", url="", sealed_at=None, items=frozenset(items))


def carried(pk=1, release=1, state="serving"):
    return Carried(
        pk=pk, release=release, environment="staging", detail="", state=state, at=None, url=""
    )


def arrows(graph):
    names = {node.id: node.name for node in graph.nodes}
    return {(names[edge.source], names[edge.target]) for edge in graph.edges}


def levels(graph):
    return {node.name: node.level for node in graph.nodes}


PIPELINE = (
    stage({"raw", "prepare.py"}, {"features"}),
    stage({"features", "labels"}, {"model"}),
)


def test_data_leads_through_the_stages_to_the_training_and_on_to_where_it_runs():
    version = made(data("raw"), data("labels"), data("features", role="made"), stages=PIPELINE)
    graph = graph_of(Facts(versions=[version], releases=[released()], deployments=[carried()]))
    assert arrows(graph) == {
        ("raw", "features"), ("features", "run"), ("labels", "run"), ("run", "credit 7"),
        ("credit 7", "r1"), ("r1", "staging"),
    }  # fmt: skip
    assert levels(graph) == {
        "raw": 0, "labels": 0, "features": 1, "run": 2, "credit 7": 3, "r1": 4, "staging": 5,
    }  # fmt: skip
    assert all(node.is_live for node in graph.nodes)


def test_without_a_run_data_leads_to_the_version():
    graph = graph_of(Facts(versions=[made(data("raw"), run=False)]))
    assert arrows(graph) == {("raw", "credit 7")}
    assert graph.remarks == ["No MLflow run is known of credit 7."]


def test_a_lock_in_a_circle_makes_no_circle():
    version = made(
        data("a", role="made"),
        data("b", role="made"),
        stages=(stage({"a"}, {"b"}), stage({"b"}, {"a", "model"})),
    )
    graph = graph_of(Facts(versions=[version]))
    level = {node.id: node.level for node in graph.nodes}
    assert all(level[edge.source] < level[edge.target] for edge in graph.edges)


def test_the_same_state_of_the_same_data_is_one_node():
    one = made(data("loans"), id="version:1", name="credit 7", pk=1)
    other = made(data("loans"), id="version:2", name="fraud 2", pk=2)
    graph = graph_of(Facts(versions=[one, other]))
    assert len(graph.of(Kind.DATASET)) == 1
    assert dataset_id(data("loans")) != dataset_id(data("loans", digest=TWO))


def test_what_stands_beside_it_is_not_said_to_serve():
    beside = made(id="version:2", name="api 1", kind="image", pk=2, is_subject=False, run=False)
    facts = Facts(
        versions=[made(), beside], releases=[released(items=(1, 2))], deployments=[carried()]
    )
    live = {node.name for node in graph_of(facts).nodes if node.is_live}
    assert live == {"run", "credit 7", "r1", "staging"}


def test_a_version_that_names_no_data_says_so():
    graph = graph_of(Facts(versions=[made()]))
    assert graph.remarks[0].startswith("Nobody says from which data credit 7 was made")


def test_no_two_things_of_a_column_are_drawn_over_each_other():
    version = made(
        *(data(f"d{n}") for n in range(12)),
        data("features", role="made"),
        stages=(stage({f"d{n}" for n in range(6)}, {"features"}), stage({"features"}, {"model"})),
    )
    picture = picture_of(graph_of(Facts(versions=[version], releases=[released()])))
    assert [column.title for column in picture.columns] == [
        "Data", "Prepared data", "Training", "Versions", "Releases",
    ]  # fmt: skip
    for column in picture.columns:
        rows = sorted(node.row for node in column.nodes)
        assert all(after - before >= 2 for before, after in pairwise(rows))
        assert rows[-1] < MOST_ROWS
    assert len(picture.curves) == 6 + 6 + 1 + 1 + 1
    (training,) = picture.columns[2].nodes
    assert training.comes_from.count("d") >= 6


def test_an_empty_graph_draws_nothing():
    picture = picture_of(graph_of(Facts(versions=[], remarks=["Nothing runs in dev yet."])))
    assert (picture.count, picture.rows) == (0, 0)
    assert picture.remarks == ["Nothing runs in dev yet."]


# ── read from the tables ───────────────────────────────────────────────────────────────────────


def trained(scene, artifact="credit", md5=ONE):
    version = model(
        scene,
        artifact=artifact,
        run_id=f"{scene.count:032}",
        run_name=f"run {scene.count}",
        git_commit="c0ffee" * 6,
        git_dirty=True,
        datasets=[],
    )
    scene.evidence(version, lock(md5), kind="dvc")
    version.artifact.project = scene.project
    return version


def read(scene, version, bounds=FOR_A_PAGE):
    return lineage_of(version, bounds=bounds)


def states(graph):
    return {node.detail: node.state for node in graph.of(Kind.DEPLOYMENT)}


def test_a_version_stands_between_its_data_and_where_it_serves(scene):
    version, image = trained(scene), scene.version("api")
    done = serve(scene, version, image)
    graph = read(scene, version)
    run, loans = graph.of(Kind.RUN)[0].name, "data/loans.parquet"
    release = done.change_request.release.version
    assert arrows(graph) == {
        (loans, run), (run, str(version)), (str(version), release), (str(image), release),
        (release, "staging"),
    }  # fmt: skip
    assert graph.of(Kind.RUN)[0].detail == "commit c0ffeec0ff, with changes of its own"
    assert states(graph) == {done.change_request.label: "serving"}


def test_what_was_replaced_does_not_serve_and_failures_are_no_successes(scene):
    version = trained(scene)
    first = serve(scene, version)
    second = serve(scene, trained(scene))
    assert states(read(scene, version)) == {first.change_request.label: "replaced"}
    type(second).objects.filter(pk=second.pk).update(state=DeploymentState.FAILED)
    assert states(read(scene, version)) == {first.change_request.label: "serving"}


def test_an_attempt_that_failed_later_does_not_hide_the_one_that_serves(scene):
    version = trained(scene)
    first = serve(scene, version)
    again = serve(scene, release=first.change_request.release)
    type(again).objects.filter(pk=again.pk).update(state=DeploymentState.FAILED)
    assert states(read(scene, version)) == {first.change_request.label: "serving"}


def test_an_environment_shows_what_is_behind_everything_that_runs_there(scene):
    old, new = trained(scene), trained(scene, md5=TWO)
    other, image = trained(scene, "fraud"), scene.version("api")
    serve(scene, old, other)
    serve(scene, new, image)
    graph = lineage_of_environment(scene.staging, bounds=FOR_A_PAGE)
    assert {node.name for node in graph.of(Kind.VERSION)} == {str(new), str(image)}
    assert {node.digest for node in graph.of(Kind.DATASET)} == {f"md5:{TWO}"}
    assert all(node.is_live for node in graph.nodes)
    empty = lineage_of_environment(scene.production, bounds=FOR_A_PAGE)
    assert empty.remarks == ["Nothing runs in production yet."]


def test_what_is_left_out_is_said(scene):
    version = trained(scene)
    images = [scene.version(f"api-{n}") for n in range(3)]
    kept = serve(scene, version, *images).change_request.release.version
    for _ in range(3):
        scene.release(version, tested=False)
    graph = read(scene, version, Bounds(datasets=1, releases=2, versions=2, deployments=1))
    assert kept in {node.name for node in graph.of(Kind.RELEASE)}
    assert len(graph.of(Kind.RELEASE)) == len(graph.of(Kind.VERSION)) == 2
    assert graph.remarks == [
        "It is in more releases than the 2 that are shown: those that serve, then the newest.",
        "1 of the versions that stand beside it in releases are shown.",
    ]


def test_the_number_of_queries_is_the_same_for_much(scene):
    version = trained(scene)
    serve(scene, version)

    def cost():
        with CaptureQueriesContext(connection) as seen:
            read(scene, version)
            lineage_of_environment(scene.staging, bounds=FOR_A_PAGE)
        return len(seen)

    few = cost()
    for number in range(3):
        serve(scene, version, trained(scene, f"m{number}"), scene.version(f"api-{number}"))
    assert cost() == few
    assert few <= 20


def test_a_version_without_a_digest_only_shows_where_it_comes_from(scene):
    version = trained(scene)
    record = version.model_version
    waiting = ModelVersion(
        model=record.model, number=99, intake=Intake.WAITING, datasets=[], run_id="1" * 32
    )
    waiting.save()
    graph = lineage_of_record(waiting, bounds=FOR_A_PAGE)
    assert [node.kind for node in graph.nodes] == [Kind.RUN, Kind.VERSION]
    assert graph.remarks[-1] == "Its digest is not known yet, so it cannot be in a release."


def test_data_leads_to_everything_that_was_made_from_it(scene):
    version = trained(scene)
    (node,) = read(scene, version).of(Kind.DATASET)
    assert node.url == f"{reverse('deployments:data')}?q=md5%3A{ONE}"


def test_a_report_about_the_whole_release_leads_to_the_release(scene):
    version = model(scene, datasets=[])
    version.artifact.project = scene.project
    done = serve(scene, version)
    release = done.change_request.release
    add_evidence(release, kind="dvc", stream=io.BytesIO(lock(ONE)), by=scene.admin)
    graph = read(scene, version)
    assert ("data/loans.parquet", release.version) in arrows(graph)
    (loans,) = graph.of(Kind.DATASET)
    assert (loans.level, loans.is_live) == (0, True)
    assert not [each for each in graph.remarks if each.startswith("Nobody says")]


def test_what_a_version_was_made_from_does_not_run_out_with_the_report(scene):
    version = model(scene, datasets=[])
    version.artifact.project = scene.project
    report = scene.evidence(version, lock(ONE), kind="dvc")
    type(report).objects.update(valid_until=timezone.now() - timedelta(days=1))
    assert [node.digest for node in read(scene, version).of(Kind.DATASET)] == [f"md5:{ONE}"]
