import pytest

from releases.models import PolicyVersion
from tests.support.api_world import POLICY

POLICIES = "/api/v1/policies/"
VERSIONS = f"{POLICIES}strict/versions/"


@pytest.fixture
def admin(world):
    client = world.as_("admin")
    assert client.post(POLICIES, {"name": "strict", "title": "Strict"}).status_code == 201
    return client


def test_a_policy_is_written_published_and_put_in_force(world, admin):
    saved = admin.post(VERSIONS, POLICY)
    assert saved.status_code == 201
    assert (saved.json()["version"], saved.json()["state"]) == (1, "draft")
    in_force = world.at("environments/staging/policy/")
    early = admin.put(in_force, {"policy": "strict", "version": 1})
    assert early.status_code == 400, "a draft cannot be put in force"
    published = admin.post(f"{VERSIONS}1/publish/")
    assert published.json()["state"] == "published"
    assert published.json()["published_by"] == "admin"
    active = admin.put(in_force, {"policy": "strict", "version": 1})
    assert active.json()["digest"] == saved.json()["digest"]
    assert world.as_("vera").get(in_force).json() == active.json()
    assert world.as_("vera").get(world.at("environments/production/policy/")).status_code == 404


def test_a_draft_is_replaced_and_a_published_version_never(admin):
    admin.post(VERSIONS, POLICY)
    admin.post(VERSIONS, {**POLICY, "description": "better"})
    assert [row["version"] for row in admin.get(VERSIONS).json()["results"]] == [1]
    admin.post(f"{VERSIONS}1/publish/")
    assert admin.post(VERSIONS, POLICY).json()["version"] == 2
    assert admin.get(f"{VERSIONS}1/").json()["document"]["description"] == "better"
    found = admin.get(f"{VERSIONS}?state=published").json()["results"]
    assert [row["version"] for row in found] == [1]


def test_the_document_may_be_wrapped(admin):
    plain, wrapped = admin.post(VERSIONS, POLICY), admin.post(VERSIONS, {"document": POLICY})
    assert wrapped.status_code == 201
    assert wrapped.json()["digest"] == plain.json()["digest"]


def test_policies_are_listed_and_read_by_name(admin, world):
    listed = world.as_("vera").get(f"{POLICIES}?name=strict").json()["results"]
    assert [row["title"] for row in listed] == ["Strict"]
    assert world.as_("vera").get(f"{POLICIES}strict/").json() == listed[0]
    for missing in (f"{POLICIES}lax/", f"{VERSIONS}9/", f"{VERSIONS}99999999999999999999/"):
        assert admin.get(missing).status_code == 404
    assert admin.post(POLICIES, {"name": "strict"}).status_code == 409


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        "text",
        None,
        {**POLICY, "schema": "other/v9"},
        {**POLICY, "gates": "none"},
        {**POLICY, "surprise": 1},
        {**POLICY, "gates": [{"name": "g", "evidence": "junit", "expression": "evidence.tests >"}]},
        {**POLICY, "approvals": [{"name": "a", "roles": ["king"], "required": 1}]},
        {**POLICY, "approvals": [{"name": "a", "roles": ["security"], "required": 0}]},
    ],
)
def test_a_document_that_is_no_policy_is_refused_with_what_is_wrong(admin, document):
    answer = admin.generic("POST", VERSIONS, *as_json(document))
    assert answer.status_code == 400, answer.content
    assert answer.json()["code"] == "policy_refused"
    assert answer.json()["errors"]["document"]
    assert not PolicyVersion.objects.exists()


def as_json(document):
    import json  # noqa: PLC0415 -- only here

    return json.dumps(document), "application/json"


@pytest.mark.parametrize(
    ("field", "value"), [("name", "Strict"), ("name", 1), ("title", "x" * 101), ("gates", [])]
)
def test_a_field_of_a_policy_that_does_not_fit_is_named(world, field, value):
    answer = world.as_("admin").post(POLICIES, {"name": "lax"} | {field: value})
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"policy": "lax", "version": 1}, "policy"),
        ({"policy": "strict", "version": 9}, "version"),
        ({"policy": "strict", "version": "1"}, "version"),
        ({"policy": "strict", "version": 2**31}, "version"),
        ({"policy": "strict"}, "version"),
        ({"policy": 1, "version": 1}, "policy"),
    ],
)
def test_an_activation_that_does_not_fit_is_named(world, admin, body, named):
    admin.post(VERSIONS, POLICY)
    answer = admin.put(world.at("environments/staging/policy/"), body)
    assert answer.status_code == 400, answer.content
    assert list(answer.json()["errors"]) == [named]
