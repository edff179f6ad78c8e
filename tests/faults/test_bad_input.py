"""Bad input to every write, over a real server: a problem that names the field, and nothing half-done."""

import json
import re
from dataclasses import dataclass, field

import pytest

from tests import factories

pytestmark = pytest.mark.slow

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


@pytest.fixture(scope="module")
def abroad(_firm):
    """Another project, with an artifact version and a release of its own."""
    admin = _firm.admin
    admin.post("projects/", {"slug": "lending", "name": "Lending", "risk_tier": "low"})
    admin.post("projects/lending/environments/", {"name": "europe", "tier": "staging"})
    version = admin.post(
        "projects/lending/artifact-versions/",
        {
            "artifact": "lending-api",
            "kind": "image",
            "version": "1",
            "digest": factories.digest("lending"),
        },
    )
    release = admin.post(
        "projects/lending/releases/", {"version": "1", "artifact_versions": [version["id"]]}
    )
    return {"foreign_version": version["id"], "foreign_release": release["id"]}


PAYMENTS = "projects/payments"
ASK = {"release": "7.0.0", "environment": "production", "reason": "r"}
BUILD = {"artifact": "payments-api", "kind": "image", "version": "78", "digest": "{fresh}"}
BIND = {"artifact": "payments-api", "workload": "w", "container": "c"}
TARGET = f"{PAYMENTS}/environments/staging/target/"
REFERENCES = [
    # who, method, path, body, status, the field at fault
    ("ci", "POST", f"{PAYMENTS}/change-requests/", ASK | {"release": 999_999}, 400, "release"),
    ("ci", "POST", f"{PAYMENTS}/change-requests/", ASK | {"release": -1}, 400, "release"),
    (
        "ci",
        "POST",
        f"{PAYMENTS}/change-requests/",
        ASK | {"release": "{foreign_release}"},
        400,
        "release",
    ),
    (
        "ci",
        "POST",
        f"{PAYMENTS}/change-requests/",
        ASK | {"environment": "moon"},
        400,
        "environment",
    ),
    (
        "ci",
        "POST",
        f"{PAYMENTS}/change-requests/",
        ASK | {"environment": "europe"},
        400,
        "environment",
    ),
    ("ci", "POST", f"{PAYMENTS}/change-requests/", ASK | {"environment": "staging"}, 409, ""),
    ("ci", "POST", "projects/lending/change-requests/", ASK, 404, ""),
    ("ci", "POST", "change-requests/999999/withdraw/", {}, 404, ""),
    ("sofia", "POST", "change-requests/999999/approve/", {"statement_digest": "{fresh}"}, 404, ""),
    (
        "sofia",
        "POST",
        "change-requests/{number}/approve/",
        {"statement_digest": "sha256:abc"},
        409,
        "",
    ),
    (
        "sofia",
        "POST",
        "change-requests/{number}/approve/",
        {"statement_digest": "{fresh}"},
        409,
        "",
    ),
    (
        "ci",
        "POST",
        f"{PAYMENTS}/releases/",
        {"version": "79", "artifact_versions": [999_999]},
        400,
        "artifact_versions",
    ),
    (
        "ci",
        "POST",
        f"{PAYMENTS}/releases/",
        {"version": "79", "artifact_versions": ["{foreign_version}"]},
        400,
        "artifact_versions",
    ),
    (
        "ci",
        "POST",
        f"{PAYMENTS}/releases/",
        {"version": "79", "artifact_versions": ["{version}", "{version}"]},
        400,
        "artifact_versions",
    ),
    (
        "ci",
        "POST",
        f"{PAYMENTS}/releases/",
        {"version": "79", "artifact_versions": []},
        400,
        "artifact_versions",
    ),
    (
        "ci",
        "POST",
        f"{PAYMENTS}/releases/",
        {"version": "7.0.0", "artifact_versions": ["{version}"]},
        409,
        "",
    ),
    ("ci", "POST", "artifact-versions/{foreign_version}/evidence/", {"kind": "junit"}, 404, ""),
    ("ci", "POST", "releases/{foreign_release}/evidence/", {"kind": "junit"}, 404, ""),
    *(
        ("ci", "POST", f"{PAYMENTS}/artifact-versions/", BUILD | {"digest": digest}, 400, "digest")
        for digest in ("", "abc", "sha256:", f"sha256:{'G' * 64}", f"md5:{'a' * 32}", "a" * 64)
    ),
    ("ci", "POST", f"{PAYMENTS}/artifact-versions/", BUILD | {"version": "7.0.0"}, 409, ""),
    ("ci", "POST", f"{PAYMENTS}/artifact-versions/", BUILD | {"kind": "model"}, 409, ""),
    ("admin", "POST", "projects/", {"slug": "lending", "name": "L", "risk_tier": "low"}, 409, ""),
    (
        "admin",
        "POST",
        f"{PAYMENTS}/environments/",
        {"name": "staging", "tier": "staging"},
        409,
        "",
    ),
    ("admin", "POST", "people/", {"username": "tom"}, 409, ""),
    ("admin", "POST", "policies/", {"name": "staging"}, 409, ""),
    ("admin", "POST", "clusters/", {"name": "sandbox"}, 409, ""),
    ("admin", "POST", f"{PAYMENTS}/members/", {"user": "ghost", "role": "viewer"}, 400, "user"),
    ("admin", "POST", f"{PAYMENTS}/members/", {"user": "olga", "role": "king"}, 400, "role"),
    ("admin", "POST", f"{PAYMENTS}/members/", {"team": "ghosts", "role": "viewer"}, 400, "team"),
    (
        "admin",
        "POST",
        f"{PAYMENTS}/members/",
        {"user": "olga", "role": "viewer", "environments": ["europe"]},
        400,
        "environments",
    ),
    ("admin", "POST", f"{TARGET}bindings/", BIND | {"artifact": "lending-api"}, 400, "artifact"),
    ("admin", "POST", f"{TARGET}bindings/", BIND | {"workload": "Not A Name"}, 400, "workload"),
    (
        "admin",
        "PUT",
        TARGET,
        {"executor": "kubernetes", "cluster": "east", "namespace": "n"},
        400,
        "cluster",
    ),
    ("admin", "PUT", TARGET, {"executor": "carrier pigeon"}, 400, "executor"),
    (
        "admin",
        "PUT",
        f"{PAYMENTS}/environments/staging/policy/",
        {"policy": "staging", "version": 999},
        400,
        "version",
    ),
    (
        "admin",
        "PUT",
        f"{PAYMENTS}/environments/staging/policy/",
        {"policy": "no-such", "version": 1},
        400,
        "policy",
    ),
]


def filled(value, names):
    """The value with what the place calls things; ``"{version}"`` alone becomes the number."""
    if isinstance(value, dict):
        return {name: filled(inner, names) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, names) for inner in value]
    if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
        return names[value[1:-1]]
    return value.format(**names) if isinstance(value, str) else value


def test_what_is_not_there_or_elsewhere_or_there_already_is_refused_and_nothing_is_done(
    house, firm, place, abroad
):
    names = place | abroad | {"fresh": factories.digest("fresh")}
    before = house.rows.counts()
    wrong = []
    for who, method, path, body, status, field_at_fault in REFERENCES:
        answer = getattr(firm, who).http.request(
            method, path.format(**names), json=filled(body, names)
        )
        named = " ".join(answer.json().get("errors", {}))
        if answer.status_code != status or field_at_fault not in named or not is_problem(answer):
            wrong.append(f"{method} {path} {body} → {answer.status_code} {answer.text[:250]}")
    assert not wrong, "\n".join(wrong)
    assert house.rows.counts() == before
