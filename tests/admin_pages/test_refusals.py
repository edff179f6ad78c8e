"""Every POST of these pages by whoever may not: a page with the sentence, no error, nothing changed."""

import pytest
from django.urls import reverse

from audit.models import Event
from catalog import urls as catalog_urls
from catalog.models import ApiToken, Identity, Membership, Role, Team
from catalog.views.page import Deed
from releases import urls as release_urls
from tests import factories

GATE = '{"schema": "gatehouse.policy/v1", "gates": [], "approvals": []}'


@pytest.fixture
def scene(payments, policy):
    from catalog.actions.create_role import create_role  # noqa: PLC0415 -- needs Django
    from catalog.actions.create_team import create_team  # noqa: PLC0415 -- needs Django

    admin = factories.admin()
    create_role(slug="on-call", title="On call", permissions=["view_project"], by=admin)
    create_team(slug="platform", name="Platform", by=admin)
    machine = factories.service_account(payments)
    factories.token(machine.user)
    return payments


def posts(project):
    """Each address with what it takes, as (name, arguments, fields)."""
    tom = factories.person("tom")
    factories.person("olga")
    token = ApiToken.objects.first()
    membership = Membership.objects.filter(user=tom).first()
    role = Role.objects.get(slug="viewer")
    production = project.environments.get(name="production")
    return [
        ("new-person", [], {"username": "nora"}),
        ("edit-person", ["tom"], {"full_name": "Tim"}),
        ("set-password", ["tom"], {"password": "another-long-word"}),
        ("deactivate-person", ["tom"], {}),
        ("reactivate-person", ["tom"], {}),
        ("add-identity", ["tom"], {"kind": "email", "value": "tom@elsewhere.example"}),
        ("remove-identity", ["tom", Identity.objects.filter(user=tom).first().pk], {}),
        ("set-portal-permissions", ["tom"], {"permissions": ["edit_policies"]}),
        ("erase-person", ["tom"], {"basis": "withdrawn"}),
        ("confirm-erasure", [1], {}),
        ("withdraw-erasure", [1], {}),
        ("erasure-receipt", [1], {}),
        ("place-hold", [], {"kind": "subject", "about": "tom", "reason": "matter 12"}),
        ("lift-hold", [1], {}),
        ("set-retention", ["addresses"], {"days": "90"}),
        ("new-team", [], {"slug": "a", "name": "A"}),
        ("add-team-member", ["platform"], {"user": "tom"}),
        ("remove-team-member", ["platform", "tom"], {}),
        ("new-role", [], {"slug": "a", "title": "A", "permissions": ["view_project"]}),
        ("edit-role", ["on-call"], {"title": "B", "permissions": ["view_project"]}),
        ("give-role", ["payments"], {"user": "olga", "role": role.pk}),
        ("end-role", ["payments", membership.pk], {}),
        ("new-service-account", ["payments"], {"username": "other-ci"}),
        ("deactivate-service-account", ["payments-ci"], {}),
        (
            "issue-token",
            ["payments-ci"],
            {"name": "mine", "scopes": ["read"], "days": "30"},
        ),
        ("revoke-token", ["payments-ci", token.pk], {}),
        ("releases:new-policy", [], {"name": "mine", "title": "Mine"}),
        ("releases:edit-policy", ["standard"], {"document": GATE}),
        ("releases:publish-policy", ["standard", 2], {}),
        ("releases:activate-policy", ["standard", 1], {"environment": production.pk}),
    ]


def address_of(name, args):
    return reverse(name if ":" in name else f"catalog:{name}", args=args)


def test_whoever_may_not_gets_a_page_that_says_so_and_nothing_changes(scene, browse):
    client, every = browse("vera"), posts(scene)
    before = Event.objects.count()
    for name, args, fields in every:
        answer = client.post(address_of(name, args), fields)
        words = " ".join(answer.content.decode().split())
        assert (name, answer.status_code) == (name, 403)
        assert "permission" in words or "Only a superuser" in words, name
    assert Event.objects.count() == before


def test_whoever_is_not_signed_in_is_led_to_the_sign_in(scene, client):
    for name, args, fields in posts(scene):
        answer = client.post(address_of(name, args), fields)
        assert (answer.status_code, answer.url.partition("?")[0]) == (302, reverse("account_login"))


def test_every_verb_of_these_pages_is_tried(scene):
    of_ones_own = {"issue-my-token", "revoke-my-token"}
    mine = [
        *catalog_urls.of_privacy,
        *catalog_urls.of_people,
        *catalog_urls.of_members,
        *catalog_urls.of_machines,
    ]
    verbs = {
        one.name
        for one in [*mine, *release_urls.of_policies]
        if issubclass(one.callback.view_class, Deed)
    }
    assert verbs - of_ones_own == {name.removeprefix("releases:") for name, _, _ in posts(scene)}


HIDDEN = [
    ("catalog:project-members", ["payments"]),
    ("catalog:project-reach", ["payments"]),
    ("catalog:project-service-accounts", ["payments"]),
    ("catalog:new-service-account", ["payments"]),
    ("catalog:service-account", ["payments-ci"]),
    ("catalog:person", ["nobody"]),
    ("catalog:person", ["payments-ci"]),
    ("catalog:team", ["nothing"]),
    ("catalog:role", ["nothing"]),
    ("catalog:account", ["usr_0"]),
    ("releases:policy", ["nothing"]),
    ("releases:policy-version", ["standard", 9]),
    ("audit:event", [1]),
    ("audit:entry", [1]),
    ("audit:event", [10**20]),
    ("audit:stream", ["policy/1"]),
]


def test_what_one_may_not_see_is_not_there(scene, browse):
    client = browse("olga")
    for name, args in HIDDEN:
        assert (name, client.get(reverse(name, args=args)).status_code) == (name, 404)


def test_a_post_to_what_one_may_not_see_is_not_there(scene, browse):
    client = browse("olga")
    hidden = [one for one in posts(scene) if one[1][:1] in (["payments"], ["payments-ci"])]
    assert len(hidden) == 6
    for name, args, fields in hidden:
        assert client.post(address_of(name, args), fields).status_code == 404


FORMS = [
    ("catalog:new-person", []),
    ("catalog:edit-person", ["tom"]),
    ("catalog:set-password", ["tom"]),
    ("catalog:new-team", []),
    ("catalog:new-role", []),
    ("catalog:edit-role", ["on-call"]),
    ("catalog:new-service-account", ["payments"]),
    ("releases:new-policy", []),
    ("releases:edit-policy", ["standard"]),
]


def test_a_form_that_would_be_refused_is_not_shown(scene, browse):
    client = browse("vera")
    for name, args in FORMS:
        answer = client.get(reverse(name, args=args))
        assert (name, answer.status_code) == (name, 403)
        assert b"permission" in answer.content or b"superuser" in answer.content


def test_an_address_that_nothing_has_is_not_there(payments, browse):
    client = browse("admin")
    for address in ("/people/a%00b/", "/audit/streams/a%00b/", "/people/-/teams/A!/"):
        assert client.get(address).status_code == 404


def test_nobody_lists_the_teams_members_by_refused_posts(scene, browse):
    team = Team.objects.get(slug="platform")
    browse("vera").post(reverse("catalog:add-team-member", args=["platform"]), {"user": "tom"})
    assert not team.members.exists()
