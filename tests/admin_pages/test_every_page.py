"""What holds for every page of administration and audit."""

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
    ("catalog:privacy", []),
    ("catalog:set-retention", ["addresses"]),
    ("catalog:erase-person", ["tom"]),
    ("audit:events", []),
    ("audit:stream", ["policy/1"]),
]


def addresses():
    """The address of every page; one look at each is enough for all that is asked here."""
    stream = Event.objects.filter(stream__startswith="policy/").first().stream
    for name, args in PAGES:
        yield reverse(name, args=[stream] if name == "audit:stream" else args)


def test_the_administrator_sees_every_page(furnished, browse):
    client = browse("admin")
    answers = {address: client.get(address) for address in addresses()}
    assert dict.fromkeys(answers, 200) == {
        address: answer.status_code for address, answer in answers.items()
    }
    assert all(b"gh-bar" in answer.content for answer in answers.values())


def test_who_is_not_signed_in_is_led_to_the_sign_in(furnished, client):
    sign_in = reverse("account_login")
    for address in addresses():
        answer = client.get(address)
        assert (answer.status_code, answer.url) == (302, f"{sign_in}?next={address}")
