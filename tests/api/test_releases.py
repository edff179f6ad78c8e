import pytest

from tests import factories


def test_a_release_is_sealed_under_the_digest_of_its_content(world):
    api, web = world.version(), world.version(artifact="payments-web")
    release = world.release(web, api)
    assert [item["artifact"] for item in release["items"]] == ["payments-api", "payments-web"]
    assert release["items"][0] == {
        "id": api["id"],
        "artifact": "payments-api",
        "kind": "image",
        "version": api["version"],
        "digest": api["digest"],
        "uri": api["uri"],
    }
    other = world.release(api, web)
    assert other["content_digest"] == release["content_digest"]
    assert world.as_("vera").get(f"/api/v1/releases/{release['id']}/").json() == release
    assert world.as_("olga").get(f"/api/v1/releases/{release['id']}/").status_code == 404


def test_releases_are_listed_newest_first(world):
    first, second = world.release(), world.release()
    listed = world.as_("vera").get(world.at("releases/")).json()["results"]
    assert [row["id"] for row in listed] == [second["id"], first["id"]]
    found = (
        world.as_("vera").get(world.at(f"releases/?version={first['version']}")).json()["results"]
    )
    assert [row["id"] for row in found] == [first["id"]]


def test_the_same_version_again_is_409(world):
    release = world.release()
    body = {"version": release["version"], "artifact_versions": [release["items"][0]["id"]]}
    answer = world.ci.post(world.at("releases/"), body)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_exists")


def test_a_version_of_another_project_cannot_be_sealed(world):
    foreign = factories.version(world.other_project, "lending-api")
    body = {"version": "9", "artifact_versions": [foreign.pk]}
    answer = world.ci.post(world.at("releases/"), body)
    assert answer.status_code == 400
    assert "artifact_versions" in answer.json()["errors"]


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("version", "", "version"),
        ("version", "-x-", "version"),
        ("version", "x" * 129, "version"),
        ("version", 1, "version"),
        ("artifact_versions", [], "artifact_versions"),
        ("artifact_versions", ["1"], "artifact_versions[0]"),
        ("artifact_versions", [1.0], "artifact_versions[0]"),
        ("artifact_versions", [-1], "artifact_versions[0]"),
        ("artifact_versions", [2**64], "artifact_versions[0]"),
        ("artifact_versions", [999_999], "artifact_versions"),
        ("artifact_versions", {"id": 1}, "artifact_versions"),
        ("artifact_versions", list(range(1, 300)), "artifact_versions"),
        ("notes", "x" * 20_001, "notes"),
        ("notes", 1, "notes"),
        ("sealed_by", "me", "sealed_by"),
    ],
)
def test_a_field_that_does_not_fit_is_named(world, field, value, named):
    body = {"version": "9", "artifact_versions": [world.version()["id"]]}
    answer = world.ci.post(world.at("releases/"), body | {field: value})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [named]
