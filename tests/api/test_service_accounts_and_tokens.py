from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.models import ApiToken

ME = "/api/v1/me/"


def in_days(days):
    return (timezone.now() + timedelta(days=days)).isoformat()


def wanted(**changes):
    return {
        "name": "pipeline",
        "scopes": ["read", "artifacts"],
        "expires_at": in_days(30),
    } | changes


def with_token(plain):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    return client


@pytest.fixture
def tokens(world):
    return f"/api/v1/service-accounts/{world.machine.user.username}/tokens/"


def test_a_service_account_is_created_listed_read_and_deactivated(world):
    oskar = world.as_("oskar")
    made = oskar.post(world.at("service-accounts/"), {"username": "builder", "description": "CI"})
    assert made.status_code == 201
    assert made.json()["project"] == "payments"
    listed = world.as_("vera").get(world.at("service-accounts/")).json()["results"]
    assert listed == [made.json()]
    path = "/api/v1/service-accounts/builder/"
    assert world.as_("vera").get(path).json() == made.json()
    assert world.as_("olga").get(path).status_code == 404
    assert oskar.post(f"{path}deactivate/").json()["is_active"] is False
    found = oskar.get(world.at("service-accounts/?is_active=true")).json()["results"]
    assert found == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "Builder"),
        ("username", ""),
        ("username", 1),
        ("description", "x" * 301),
        ("role", "ci"),
    ],
)
def test_a_field_that_does_not_fit_is_named(world, field, value):
    answer = world.as_("oskar").post(
        world.at("service-accounts/"), {"username": "builder"} | {field: value}
    )
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [field]


def test_a_token_is_shown_once_and_opens_what_its_scopes_say(world, tokens):
    made = world.as_("oskar").post(tokens, wanted())
    assert made.status_code == 201
    assert made["Cache-Control"] == "no-store"
    plain = made.json()["token"]
    machine = with_token(plain)
    assert machine.get(ME).json()["username"] == "payments-ci"
    assert machine.post(world.at("artifact-versions/"), world.version_body()).status_code == 201
    refused = machine.post(world.at("releases/"), {"version": "1", "artifact_versions": [1]})
    assert (refused.status_code, refused.json()["required_scope"]) == (403, "releases")
    listed = world.as_("oskar").get(tokens).json()["results"]
    assert "token" not in listed[0]
    assert listed[0]["prefix"] == plain[: len(listed[0]["prefix"])]
    assert listed[0]["last_used_at"] is not None


def test_a_revoked_token_opens_nothing_at_once(world, tokens):
    made = world.as_("oskar").post(tokens, wanted()).json()
    revoke = f"/api/v1/tokens/{made['id']}/revoke/"
    assert world.as_("oskar").post(revoke).json()["revoked_at"] is not None
    assert with_token(made["token"]).get(ME).status_code == 401
    assert world.as_("oskar").post(revoke).status_code == 200, "twice is no harm"
    usable = world.as_("oskar").get(f"{tokens}?usable=true").json()["results"]
    assert made["id"] not in [row["id"] for row in usable]
    gone = world.as_("oskar").get(f"{tokens}?usable=false").json()["results"]
    assert [row["id"] for row in gone] == [made["id"]]


def test_everybody_has_tokens_of_their_own_and_sees_no_others(world):
    vera = world.as_("vera")
    made = vera.post("/api/v1/me/tokens/", wanted(scopes=["read"])).json()
    assert with_token(made["token"]).get(ME).json()["username"] == "vera"
    assert {row["account"] for row in vera.get("/api/v1/me/tokens/").json()["results"]} == {"vera"}
    foreign = f"/api/v1/tokens/{made['id']}/revoke/"
    assert world.as_("tom").post(foreign).status_code == 404
    assert vera.post(foreign).status_code == 200


def test_a_token_issues_none_that_opens_more_than_itself(world):
    narrow = world.as_("vera", "read", "admin")
    answer = narrow.post("/api/v1/me/tokens/", wanted(scopes=["read", "approve"]))
    assert answer.status_code == 403
    assert not ApiToken.objects.filter(name="pipeline").exists()


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("name", "", "name"),
        ("name", "x" * 101, "name"),
        ("scopes", [], "scopes"),
        ("scopes", ["fly"], "scopes[0]"),
        ("scopes", "read", "scopes"),
        ("scopes", ["approve"], "scopes"),
        ("expires_at", None, "expires_at"),
        ("expires_at", "never", "expires_at"),
        ("expires_at", "2020-01-01T00:00:00Z", "expires_at"),
        ("expires_at", "2999-01-01T00:00:00Z", "expires_at"),
        ("token", "gh_x", "token"),
    ],
)
def test_a_field_of_a_token_that_does_not_fit_is_named(world, tokens, field, value, named):
    answer = world.as_("oskar").post(tokens, wanted(**{field: value}))
    assert answer.status_code == 400, answer.content
    assert list(answer.json()["errors"]) == [named]
