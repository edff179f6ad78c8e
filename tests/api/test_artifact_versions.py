import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories


def register(world, body):
    return world.ci.post(world.at("artifact-versions/"), body)


def test_a_new_version_is_201_the_same_again_200_and_another_digest_409(world):
    body = world.version_body()
    first = register(world, body)
    assert first.status_code == 201
    assert first.json()["source"]["authors"] == body["source"]["authors"]
    assert first.json()["registered_by"] == "payments-ci"
    again = register(world, body)
    assert (again.status_code, again.json()) == (200, first.json())
    moved = register(world, body | {"digest": factories.digest("moved")})
    assert (moved.status_code, moved.json()["code"]) == (409, "digest_conflict")
    assert moved.json()["registered_digest"] == body["digest"]


def test_what_was_said_of_the_source_does_not_change(world):
    body = world.version_body()
    register(world, body)
    answer = register(world, body | {"source": {"commit": "e" * 40}})
    assert answer.status_code == 409
    assert list(answer.json()["errors"]) == ["source.commit"]


def test_versions_are_found_by_what_they_are(world):
    api, web = world.version(), world.version(artifact="payments-web")
    found = lambda query: [  # noqa: E731 -- said once
        row["id"]
        for row in world.as_("vera").get(world.at(f"artifact-versions/?{query}")).json()["results"]
    ]
    assert found("") == [web["id"], api["id"]]
    assert found("artifact=payments-api") == [api["id"]]
    assert found(f"digest={web['digest']}") == [web["id"]]
    assert found(f"version={api['version']}&kind=image") == [api["id"]]
    assert found("kind=model") == []
    assert world.as_("vera").get(world.at("artifact-versions/?kind=song")).status_code == 400


def test_a_version_is_read_by_its_id(world):
    made = world.version()
    path = f"/api/v1/artifact-versions/{made['id']}/"
    assert world.as_("vera").get(path).json() == made
    assert world.as_("olga").get(path).status_code == 404
    assert (
        world.as_("vera").get("/api/v1/artifact-versions/99999999999999999999/").status_code == 404
    )


def test_a_list_takes_three_queries_at_any_size(world):
    client, path = world.as_("vera"), world.at("artifact-versions/")
    counts = []
    for _ in range(2):
        world.version()
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        counts.append(len(queries))
    assert counts == [3, 3]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"artifact": ""}, "artifact"),
        ({"artifact": "-x"}, "artifact"),
        ({"artifact": 1}, "artifact"),
        ({"artifact": "x" * 201}, "artifact"),
        ({"kind": "song"}, "kind"),
        ({"version": ""}, "version"),
        ({"version": "x" * 129}, "version"),
        ({"digest": "latest"}, "digest"),
        ({"digest": "sha256:" + "A" * 64}, "digest"),
        ({"digest": "sha256:" + "a" * 63}, "digest"),
        ({"digest": "md5:" + "a" * 32}, "digest"),
        ({"digest": "sha256:" + "a" * 64 + "\n"}, None),
        ({"uri": "x" * 501}, "uri"),
        ({"uri": 5}, "uri"),
        ({"source": "git"}, "source"),
        ({"source": {"commit": 7}}, "source.commit"),
        ({"source": {"commit": "x" * 65}}, "source.commit"),
        ({"source": {"repository": []}}, "source.repository"),
        ({"source": {"build_url": "javascript:alert(1)"}}, "source.build_url"),
        ({"source": {"branch": "main"}}, "source.branch"),
        ({"source": {"authors": "wanda"}}, "source.authors"),
        ({"source": {"authors": ["wanda"]}}, "source.authors[0]"),
        ({"source": {"authors": [{"name": 1}]}}, "source.authors[0].name"),
        ({"source": {"authors": [{}]}}, "source.authors[0]"),
        ({"source": {"authors": [{"email": "no address"}]}}, "source.authors[0]"),
        ({"source": {"authors": [{"phone": "1"}]}}, "source.authors[0].phone"),
        ({"tag": "latest"}, "tag"),
    ],
)
def test_a_field_that_does_not_fit_is_named(world, changes, named):
    answer = register(world, world.version_body(**changes))
    if named is None:  # surrounding space is taken off
        assert answer.status_code == 201
        return
    assert answer.status_code == 400, answer.content
    assert list(answer.json()["errors"]) == [named]
