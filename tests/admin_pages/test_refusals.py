"""Every POST of these pages by whoever may not: a page with the sentence, no error, nothing changed."""

import pytest
from django.urls import reverse

from audit.models import Event
from catalog.models import ApiToken, Identity, Membership, Role, Team
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


NUMBER_OF_POSTS = 23


@pytest.mark.parametrize("number", range(NUMBER_OF_POSTS))
def test_whoever_may_not_gets_a_page_that_says_so_and_nothing_changes(scene, browse, number):
    name, args, fields = posts(scene)[number]
    address = reverse(name if ":" in name else f"catalog:{name}", args=args)
    before = Event.objects.count()
    answer = browse("vera").post(address, fields)
    assert answer.status_code == 403
    words = " ".join(answer.content.decode().split())
    assert "permission" in words or "Only a superuser" in words
    assert Event.objects.count() == before


def test_every_post_is_tried(scene):
    assert len(posts(scene)) == NUMBER_OF_POSTS


@pytest.mark.parametrize("number", range(NUMBER_OF_POSTS))
def test_whoever_is_not_signed_in_is_led_to_the_sign_in(scene, client, number):
    name, args, fields = posts(scene)[number]
    address = reverse(name if ":" in name else f"catalog:{name}", args=args)
    answer = client.post(address, fields)
    assert (answer.status_code, answer.url.partition("?")[0]) == (302, reverse("account_login"))


@pytest.mark.parametrize(
    ("name", "args"),
    [
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
    ],
)
def test_what_one_may_not_see_is_not_there(scene, browse, name, args):
    assert browse("olga").get(reverse(name, args=args)).status_code == 404


@pytest.mark.parametrize("number", [13, 14, 15, 16, 17, 18])
def test_a_post_to_what_one_may_not_see_is_not_there(scene, browse, number):
    name, args, fields = posts(scene)[number]
    answer = browse("olga").post(reverse(f"catalog:{name}", args=args), fields)
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("catalog:new-person", []),
        ("catalog:edit-person", ["tom"]),
        ("catalog:set-password", ["tom"]),
        ("catalog:new-team", []),
        ("catalog:new-role", []),
        ("catalog:edit-role", ["on-call"]),
        ("catalog:new-service-account", ["payments"]),
        ("releases:new-policy", []),
        ("releases:edit-policy", ["standard"]),
    ],
)
def test_a_form_that_would_be_refused_is_not_shown(scene, browse, name, args):
    answer = browse("vera").get(reverse(name, args=args))
    assert answer.status_code == 403
    assert b"permission" in answer.content or b"superuser" in answer.content


@pytest.mark.parametrize(
    "address", ["/people/a%00b/", "/audit/streams/a%00b/", "/people/-/teams/A!/"]
)
def test_an_address_that_nothing_has_is_not_there(payments, browse, address):
    assert browse("admin").get(address).status_code == 404


def test_nobody_lists_the_teams_members_by_refused_posts(scene, browse):
    team = Team.objects.get(slug="platform")
    browse("vera").post(reverse("catalog:add-team-member", args=["platform"]), {"user": "tom"})
    assert not team.members.exists()
