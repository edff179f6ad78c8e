"""Lineage over REST: nodes and edges for those who may see them, and nothing for others."""

import io

import pytest

from releases.actions.add_evidence import add_evidence
from tests import factories
from tests.pages.world import World
from tests.releases.test_comparison import recorded
from tests.releases.test_data_changes import ONE, lock
from tests.support.callers import client_of


def paths(version, record):
    return [
        f"/api/v1/artifact-versions/{version.pk}/lineage/",
        f"/api/v1/model-versions/{record.pk}/lineage/",
        "/api/v1/projects/payments/environments/staging/lineage/",
    ]


@pytest.fixture
def trained(world):
    """A model version with a run and a lock."""

    class Stage:
        project, admin, count = world.project, factories.admin(), 1

    version = factories.version(world.project, "credit", kind="model")
    record = recorded(Stage, version, run_id="1" * 32, run_name="night run", git_commit="c0ffee")
    add_evidence(version, kind="dvc", stream=io.BytesIO(lock(ONE)), by=factories.admin())
    return version, record


def names(graph, kind):
    return [node["name"] for node in graph["nodes"] if node["kind"] == kind]


def test_the_lineage_leads_from_data_to_the_version(world, trained):
    version, record = trained
    by_version, by_record, environment = (
        world.as_("vera").get(path).json() for path in paths(version, record)
    )
    assert by_version == by_record
    assert names(by_version, "dataset") == ["data/loans.parquet"]
    assert names(by_version, "run") == ["night run"]
    data, run, subject = by_version["nodes"]
    assert (data["digest"], data["strength"], data["level"]) == (f"md5:{ONE}", "strong", 0)
    assert by_version["edges"] == [
        {"source": data["id"], "target": run["id"]},
        {"source": run["id"], "target": subject["id"]},
    ]
    assert subject["is_subject"]
    assert environment == {
        "nodes": [], "edges": [], "remarks": ["Nothing runs in staging yet."],
    }  # fmt: skip


def test_what_one_may_not_see_is_not_there(world, trained):
    for path in paths(*trained):
        assert world.as_("olga").get(path).status_code == 404, path
        refused = world.as_("olga").get(path).json()
        assert "credit" not in refused["detail"]


def test_nobody_reads_it_without_a_token(world, trained, client):
    for path in paths(*trained):
        assert client.get(path).status_code == 401, path


def test_nothing_is_there_for_what_does_not_exist(world):
    for path in (
        "artifact-versions/99/",
        "model-versions/99/",
        "projects/payments/environments/x/",
    ):
        answer = world.as_("vera").get(f"/api/v1/{path}lineage/")
        assert answer.status_code == 404, path


def test_an_environment_tells_which_data_is_behind_what_runs_there(db):
    weeks = World.make()
    version = weeks.version("credit", kind="model")
    add_evidence(version, kind="dvc", stream=io.BytesIO(lock(ONE)), by=factories.admin())
    done = weeks.deployed(weeks.request(weeks.release(version, weeks.version())))
    reader = client_of(factories.person("vera"))
    graph = reader.get("/api/v1/projects/payments/environments/staging/lineage/").json()
    assert names(graph, "dataset") == ["data/loans.parquet"]
    assert len(names(graph, "version")) == 2
    (deployment,) = [node for node in graph["nodes"] if node["kind"] == "deployment"]
    assert (deployment["name"], deployment["state"]) == ("staging", "serving")
    assert deployment["url"] == f"/change-requests/{done.label}/"
    assert all(node["is_live"] for node in graph["nodes"])
    assert graph["remarks"] == ["No MLflow run is known of credit 1.1.0."]


def test_data_tells_what_was_made_from_it_and_where_that_serves(db):
    weeks = World.make()
    version = weeks.version("credit", kind="model")
    add_evidence(version, kind="dvc", stream=io.BytesIO(lock(ONE)), by=factories.admin())
    done = weeks.deployed(weeks.request(weeks.release(version, weeks.version())))
    reader = client_of(factories.person("vera"))
    (state,) = reader.get("/api/v1/data/states/?name=data/loans.parquet").json()["states"]
    assert state == {"name": "data/loans.parquet", "digest": f"md5:{ONE}", "named": 1}
    uses = reader.get("/api/v1/data/uses/", {"digest": state["digest"]}).json()
    (serving,) = uses["serving"]
    assert (serving["project"], serving["environment"], serving["change_request"]) == (
        "payments",
        "staging",
        done.label,
    )
    assert [each["artifact_version"] for each in uses["versions"]] == [version.pk]
    hidden = client_of(factories.person("olga")).get(f"/api/v1/data/uses/?digest={ONE}").json()
    assert not (hidden["serving"] or hidden["versions"] or hidden["states"][1:])


@pytest.mark.parametrize(
    "asked", ["uses/", "uses/?digest=", "uses/?digest=%00", "uses/?name=x", "states/"]
)
def test_a_question_without_its_answerable_part_is_refused(world, asked):
    answer = world.as_("vera").get(f"/api/v1/data/{asked}")
    assert answer.status_code == 400, answer.content


def test_nobody_asks_about_data_without_a_token(world, client):
    assert client.get(f"/api/v1/data/uses/?digest={ONE}").status_code == 401
