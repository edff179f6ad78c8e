"""Every kind of thing that an event is about leads to its page."""

import pytest
from django.urls import resolve

from audit.models import Event
from portal.audit_addresses import PAGES, address_of


def event(kind, key, label, stream="policy/1"):
    return Event(stream=stream, facts={"object": {"type": kind, "id": key, "label": label}})


@pytest.mark.parametrize(
    ("kind", "key", "label", "route"),
    [
        ("project", 1, "payments", "portal:project"),
        ("environment", 1, "payments/staging", "deployments:environment"),
        ("release", 1, "payments 2026.3", "releases:release"),
        ("artifact-version", 4, "api 1.0", "releases:artifact-version"),
        ("change-request", 12, "CR-12", "portal:change-request"),
        ("policy", 1, "standard", "releases:policy"),
        ("policy-version", 1, "standard v3", "releases:policy-version"),
        ("team", 1, "platform", "catalog:team"),
        ("role", 1, "on-call", "catalog:role"),
        ("account", "usr_12", "usr_12", "catalog:account"),
        ("model", 1, "credit-model", "models_registry:model"),
        ("model-version", 1, "credit-model 11", "models_registry:version"),
        ("model-registry", 1, "laboratory", "models_registry:registry"),
        ("access-review", 1, "access review 1", "releases:access-review"),
        ("log-destination", 1, "archive", "audit:destination"),
        ("model-card", 4, "card of credit-model 11", "releases:card"),
    ],
)
def test_a_thing_with_a_page_is_led_to(kind, key, label, route):
    found = resolve(address_of(event(kind, key, label)))
    assert f"{found.namespace}:{found.url_name}" == route


def test_every_kind_with_a_page_is_tried():
    assert len(PAGES) == 17


@pytest.mark.parametrize(
    ("kind", "stream", "route"),
    [
        ("evidence", "artifact-version/4", "releases:artifact-version"),
        ("deployment", "change-request/12", "portal:change-request"),
        ("api-token", "account/usr_12", "catalog:account"),
    ],
)
def test_a_part_leads_to_what_it_belongs_to(kind, stream, route):
    found = resolve(address_of(event(kind, 9, "part", stream)))
    assert f"{found.namespace}:{found.url_name}" == route


@pytest.mark.parametrize(
    "without",
    [
        event("cluster", 1, "sandbox", "cluster/1"),
        event("account", "sys_gatehouse", "sys_gatehouse"),
        event("environment", 1, "payments"),
        event("release", 1, "payments no version"),
        event("policy-version", 1, "standard"),
        event("project", 1, "No Slug"),
        Event(stream="release/3", facts={}),
    ],
)
def test_what_has_no_page_has_no_link(without):
    assert address_of(without) == ""


def test_the_port_is_the_function_that_the_settings_name():
    from audit.addresses import address_of as port  # noqa: PLC0415 -- needs Django

    assert port(event("team", 1, "platform")) == address_of(event("team", 1, "platform"))
