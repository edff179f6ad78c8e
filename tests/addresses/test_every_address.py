"""Every address that is registered, page or REST, tried by those who may not."""

import re
from collections import Counter

import pytest
from django.test import Client
from django.urls import get_resolver

from catalog.models import TokenScope
from tests import factories
from tests.addresses.kinds import KINDS, of_kind
from tests.support.callers import client_of

PARAMETER = re.compile(r"(?:([\w-]+)/)?<(?:\w+:)?(\w+)>")
"""A part of a route with the word before it."""
PKS = {
    "artifact-versions": "carded", "evidence": "evidence", "releases": "release",
    "access-reviews": "review", "members": "membership", "tokens": "token", "identities": "identity",
    "model-registries": "registry", "models": "model", "model-findings": "finding",
    "retraining-triggers": "trigger", "retraining-requests": "retraining", "deployments": "deployment",
    "destinations": "destination", "events": "event", "views": "view", "packs": "pack",
}  # fmt: skip
NOWHERE = {
    "slug": "nowhere", "name": "nowhere", "number": "88888888", "pk": "88888888", "username": "no.body",
    "version": "0.0.nowhere", "uid": "00000000-0000-4000-8000-000000000000", "framework": "nowhere",
    "key": "00000000-0000-4000-8000-000000000000", "tile": "0/000", "pseudonym": "usr_nobody",
    "streams/name": "policy/88888888", "kind": "file",
}  # fmt: skip
METHODS = ("get", "post", "put", "patch", "delete")


def routes():
    """Every route as it is written, below the root."""

    def walk(resolver, before):
        for each in resolver.url_patterns:
            here = before + str(each.pattern)
            if hasattr(each, "url_patterns"):
                yield from walk(each, here)
            else:
                yield here

    return list(walk(get_resolver(), ""))


def address(route, names):
    def fill(found):
        before, parameter = found.groups()
        value = names.get(f"{before}/{parameter}", names.get(parameter))
        return f"{before}/{value}" if before else str(value)

    path = PARAMETER.sub(fill, route)
    if "export." in route:
        path = path.replace("export.file", "export.csv")
    return f"/{path}"


def browser(username="", **options):
    client = Client(raise_request_exception=False, **options)
    if username:
        person = factories.admin() if username == "admin" else factories.person(username)
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text_of(answer):
    said = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return said.decode(errors="replace")


@pytest.fixture
def names(db):
    """What is in the address of each thing of the payments project."""
    from tests.support.api_world import ApiWorld  # noqa: PLC0415 -- needs Django
    from tests.support.furnished import furnish  # noqa: PLC0415 -- needs Django

    known = furnish(ApiWorld())
    return {
        **NOWHERE, **{f"{word}/pk": known[name] for word, name in PKS.items()},
        "projects/slug": "payments", "teams/slug": "team", "roles/slug": "custom",
        "environments/name": "staging", "policies/name": "standard", "versions/number": 1,
        "service-accounts/username": "payments-ci", "username": "tom", "framework": "soc2",
        "name": "CC8.1", "retention/name": "addresses", "number": known["number"],
        "releases/version": known["sealed"], "uid": known["uid"], "streams/name": known["stream"],
        "pseudonym": factories.person("tom").pseudonym,
    }  # fmt: skip


def test_of_every_address_it_is_said_whose_it_is():
    said = Counter(of_kind(*KINDS))
    assert said == Counter(routes())


def test_who_is_not_signed_in_is_asked_to_sign_in(db):
    client = browser()
    for route in of_kind("of a project", "of the portal", "of everybody"):
        path = address(route, NOWHERE)
        for answer in (client.get(path), client.post(path)):
            if path.startswith("/api/"):
                assert (answer.status_code, path) == (401, path)
            elif answer.status_code != 405:
                assert (answer.status_code, path) == (302, path)
                assert answer["Location"].startswith("/accounts/login/?next=")


def test_who_holds_no_role_in_a_project_cannot_tell_that_its_things_are_there(names):
    client = browser("olga")
    for route in of_kind("of a project"):
        there, nowhere = address(route, names), address(route, NOWHERE)
        found = set()
        for method in METHODS:
            seen = getattr(client, method)(there).status_code
            assert (seen, there) == (getattr(client, method)(nowhere).status_code, there)
            found.add(seen)
            if method != "get" and 404 in found:
                break
        # A verb that is only looked at leads to the page that it stands on, which is not there either.
        assert {404} <= found <= {302, 404, 405}, (there, found)


def test_nothing_of_a_project_is_shown_to_who_holds_no_role_in_it(names):
    client = browser("olga")
    for route in of_kind("of the portal", "of everybody"):
        path = address(route, names)
        for answer in (client.get(path), client.post(path)):
            assert "ayments" not in text_of(answer).replace(path, ""), path
            assert answer.status_code < 500, path


def test_no_change_is_made_in_a_session_without_its_token(db):
    client = browser("admin", enforce_csrf_checks=True)
    for route in routes():
        if route not in of_kind("by a key"):
            path = address(route, NOWHERE)
            assert (client.post(path).status_code, path) == (403, path)


def test_a_token_that_may_not_read_reads_nothing(db):
    client = client_of(factories.admin(), [TokenScope.APPROVE])
    for route in of_kind("of a project", "of the portal", "of everybody"):
        if route.startswith("api/"):
            path = address(route, NOWHERE)
            answer = client.get(path)
            if answer.status_code != 405:
                assert (answer.status_code, answer.json()["code"], path) == (
                    403,
                    "not_permitted",
                    path,
                )
                assert answer.json()["required_scope"] == "read"


def test_every_answer_says_what_a_browser_may_do_with_it(db):
    stranger, admin = browser(), browser("admin")
    asked = [(stranger, route) for route in of_kind("of a project", "of the portal")]
    asked += [(admin, route) for route in of_kind("open", "by a key", "of everybody")]
    for client, route in asked:
        path = address(route, NOWHERE)
        answer = client.get(path)
        assert "default-src 'none'" in answer["Content-Security-Policy"], path
        assert answer["X-Content-Type-Options"] == "nosniff", path
        assert answer["X-Frame-Options"] == "DENY", path
        assert answer["Referrer-Policy"] == "same-origin", path
        assert {"private", "no-cache", "no-store"} & set(answer["Cache-Control"].split(", ")), path
