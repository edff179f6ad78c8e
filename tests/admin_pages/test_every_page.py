"""What holds for every page of administration and audit."""

import pytest
from django.urls import reverse

from audit.models import Event

PAGES = [
    ("catalog:people", []),
    ("catalog:person", ["tom"]),
    ("catalog:edit-person", ["tom"]),
    ("catalog:set-password", ["tom"]),
    ("catalog:new-person", []),
    ("catalog:teams", []),
    ("catalog:team", ["platform"]),
    ("catalog:new-team", []),
    ("catalog:roles", []),
    ("catalog:role", ["developer"]),
    ("catalog:role", ["on-call"]),
    ("catalog:new-role", []),
    ("catalog:edit-role", ["on-call"]),
    ("catalog:project-members", ["payments"]),
    ("catalog:project-reach", ["payments"]),
    ("catalog:project-service-accounts", ["payments"]),
    ("catalog:new-service-account", ["payments"]),
    ("catalog:service-accounts", []),
    ("catalog:service-account", ["payments-ci"]),
    ("catalog:my-tokens", []),
    ("releases:policies", []),
    ("releases:policy", ["standard"]),
    ("releases:policy-version", ["standard", 1]),
    ("releases:new-policy", []),
    ("releases:edit-policy", ["standard"]),
    ("releases:edit-policy", ["empty"]),
    ("releases:policy", ["empty"]),
    ("audit:events", []),
    ("audit:stream", ["policy/1"]),
]


@pytest.mark.parametrize(("name", "args"), PAGES)
def test_the_administrator_sees_the_page(furnished, browse, name, args):
    if name == "audit:stream":
        args = [Event.objects.filter(stream__startswith="policy/").first().stream]
    answer = browse("admin").get(reverse(name, args=args))
    assert answer.status_code == 200
    assert b"gh-bar" in answer.content


@pytest.mark.parametrize(("name", "args"), PAGES)
def test_who_is_not_signed_in_is_led_to_the_sign_in(furnished, client, name, args):
    address = reverse(name, args=args)
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer.url == f"{reverse('account_login')}?next={address}"
