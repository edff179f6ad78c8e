"""Bad input to every write, over a real server: a problem that names the field, and nothing half-done."""

import json
import re
from dataclasses import dataclass, field

import pytest

from tests import factories

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]

MALFORMED = {
    "another type": [{"an": "object"}],
    "a list in a list": [[1]],
    "too long": "x" * 100_000,
    "a huge number": 10**24,
    "a bad fraction": 1.5,
}
DAY = "2099-01-01T00:00:00Z"


@dataclass
class Write:
    """One call that would be done if its body were not spoilt."""

    who: str
    method: str
    path: str
    body: dict
    takes: dict[str, set[str]] = field(default_factory=dict)
    """Field → the values of MALFORMED that it may well hold."""


WRITES = {
    "projects": Write(
        "admin",
        "POST",
        "projects/",
        {"slug": "new", "name": "New", "risk_tier": "low", "description": "d"},
    ),
    "project": Write(
        "admin",
        "PATCH",
        "projects/payments/",
        {"name": "Pay", "risk_tier": "low", "description": "d"},
    ),
    "environments": Write(
        "admin",
        "POST",
        "projects/payments/environments/",
        {"name": "dev", "tier": "development", "position": 7},
    ),
    "environment": Write(
        "admin", "PATCH", "projects/payments/environments/staging/", {"tier": "testing"}
    ),
    "members": Write(
        "admin",
        "POST",
        "projects/payments/members/",
        {"user": "olga", "role": "viewer", "environments": ["staging"], "expires_at": DAY},
    ),
    "members by team": Write(
        "admin", "POST", "projects/payments/members/", {"team": "crew", "role": "viewer"}
    ),
    "service accounts": Write(
        "admin",
        "POST",
        "projects/payments/service-accounts/",
        {"username": "bot", "description": "d"},
    ),
    "machine tokens": Write(
        "admin",
        "POST",
        "service-accounts/ci-payments/tokens/",
        {"name": "x", "scopes": ["read"], "expires_at": DAY},
    ),
    "teams": Write("admin", "POST", "teams/", {"slug": "crew", "name": "Crew"}),
    "roles": Write(
        "admin", "POST", "roles/", {"slug": "r", "title": "R", "permissions": ["view_project"]}
    ),
    "people": Write(
        "admin",
        "POST",
        "people/",
        {"username": "nina", "full_name": "Nina", "email": "nina@example.com"},
    ),
    "person": Write("admin", "PATCH", "people/olga/", {"full_name": "O", "email": "o@example.com"}),
    "portal permissions": Write(
        "admin", "PUT", "people/olga/portal-permissions/", {"permissions": ["manage_people"]}
    ),
    "identities": Write(
        "admin", "POST", "people/olga/identities/", {"kind": "scm_login", "value": "olga"}
    ),
    "artifact versions": Write(
        "ci",
        "POST",
        "projects/payments/artifact-versions/",
        {
            "artifact": "payments-api",
            "kind": "image",
            "version": "77",
            "digest": factories.digest("77"),
            "uri": "registry.example.com/payments-api",
            "source": {
                "repository": "https://git.example.com/payments",
                "commit": "a" * 40,
                "authors": [{"name": "Dana", "email": "dana@example.com"}],
                "build_url": "https://ci.example.com/1",
            },
        },
    ),
    "evidence": Write(
        "ci",
        "POST",
        "artifact-versions/{version}/evidence/",
        {"kind": "metrics", "document": {"coverage": 1}, "valid_until": DAY},
    ),
    "releases": Write(
        "ci",
        "POST",
        "projects/payments/releases/",
        {"version": "77", "artifact_versions": [1], "notes": "n"},
        takes={"notes": set()},
    ),
    "change requests": Write(
        "ci",
        "POST",
        "projects/payments/change-requests/",
        {
            "release": "0.1.0",
            "environment": "production",
            "kind": "promotion",
            "reason": "r",
            "not_before": "2026-12-01T00:00:00Z",
        },
    ),
    "approve": Write(
        "sofia",
        "POST",
        "change-requests/{number}/approve/",
        {"statement_digest": factories.digest("?"), "comment": "c"},
    ),
    "reject": Write(
        "sofia",
        "POST",
        "change-requests/{number}/reject/",
        {"statement_digest": factories.digest("?"), "comment": "c"},
    ),
    "withdraw": Write("ci", "POST", "change-requests/{number}/withdraw/", {"comment": "c"}),
    "policies": Write("admin", "POST", "policies/", {"name": "strict", "title": "Strict"}),
    "policy versions": Write(
        "admin", "POST", "policies/staging/versions/", {"document": {"schema": "?"}}
    ),
    "activation": Write(
        "admin",
        "PUT",
        "projects/payments/environments/staging/policy/",
        {"policy": "staging", "version": 1},
    ),
    "clusters": Write(
        "admin",
        "POST",
        "clusters/",
        {"name": "east", "server": "https://east.example.com", "credentials": "east"},
    ),
    "target": Write(
        "admin",
        "PUT",
        "projects/payments/environments/staging/target/",
        {
            "executor": "kubernetes",
            "cluster": "sandbox",
            "namespace": "n",
            "timeout_seconds": 60,
        },
    ),
    "bindings": Write(
        "admin",
        "POST",
        "projects/payments/environments/staging/target/bindings/",
        {
            "artifact": "payments-api",
            "workload": "w",
            "container": "c",
            "replicas": 2,
            "adopt": False,
        },
    ),
    "my tokens": Write(
        "priya", "POST", "me/tokens/", {"name": "x", "scopes": ["read"], "expires_at": DAY}
    ),
}


@pytest.fixture(scope="module")
def place(_firm):
    """What the addresses name: a change request that waits, and a version of its release."""
    release = _firm.release("7.0.0")
    _firm.admin.http.post("teams/", json={"slug": "other", "name": "Other"})
    return {
        "number": _firm.ask(release, "staging")["number"],
        "version": release["images"][0]["id"],
    }


def call(firm, write, place, body):
    return getattr(firm, write.who).http.request(
        write.method,
        write.path.format(**place),
        content=json.dumps(body),
        headers={"content-type": "application/json"},
    )


def is_problem(answer):
    return (
        answer.headers["content-type"] == "application/problem+json"
        and answer.json().keys() >= {"type", "title", "status", "detail", "code"}
        and answer.json()["status"] == answer.status_code
    )


@pytest.mark.parametrize("name", WRITES)
def test_a_field_that_holds_what_it_cannot_is_named_and_nothing_is_done(house, firm, place, name):
    write = WRITES[name]
    before = house.rows.counts()
    for spoilt in write.body:
        for how, value in MALFORMED.items():
            if how in write.takes.get(spoilt, ()):
                continue
            answer = call(firm, write, place, write.body | {spoilt: value})
            seen = f"{name}: {spoilt} holds {how} → {answer.status_code} {answer.text[:300]}"
            assert answer.status_code == 400, seen
            assert is_problem(answer), seen
            named = [re.split(r"[.\[]", each)[0] for each in answer.json()["errors"]]
            assert spoilt in named, seen
    assert house.rows.counts() == before
