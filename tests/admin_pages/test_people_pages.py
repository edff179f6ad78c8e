"""What can be done about people, roles, teams and members on pages."""

import re

from django.urls import reverse

from catalog.actions.create_team import create_team
from catalog.models import Identity, Membership, Role, Team, User
from tests import factories


def text_of(answer):
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_a_password_that_the_portal_made_is_shown_once_and_works(payments, browse, client):
    answer = browse("admin").post(reverse("catalog:new-person"), {"username": "nora"})
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    password = re.search(r"<code>([^<]+)</code>", answer.content.decode())[1]
    assert User.objects.get(username="nora").check_password(password)
    page = client.get(reverse("catalog:person", args=["nora"]))
    assert password not in page.content.decode()


def test_a_typed_password_is_not_shown(payments, browse):
    answer = browse("admin").post(
        reverse("catalog:new-person"),
        {"username": "nora", "full_name": "Nora Berg", "password": "five-green-lanterns"},
        follow=True,
    )
    assert "Nora Berg can sign in now." in text_of(answer)
    assert "five-green-lanterns" not in answer.content.decode()


def test_a_weak_password_is_refused_at_its_field(payments, browse):
    answer = browse("admin").post(
        reverse("catalog:new-person"), {"username": "nora", "password": "short"}
    )
    assert answer.status_code == 422
    assert "too short" in text_of(answer)
    assert not User.objects.filter(username="nora").exists()


def test_a_user_name_that_is_taken_is_said_with_what_was_typed(payments, browse):
    answer = browse("admin").post(
        reverse("catalog:new-person"), {"username": "tom", "full_name": "Another Tom"}
    )
    assert answer.status_code == 409
    assert "already" in text_of(answer)
    assert "Another Tom" in answer.content.decode()


def test_people_are_found_by_a_part_of_their_name_and_their_state(payments, browse):
    client = browse("admin")
    client.post(reverse("catalog:deactivate-person", args=["vera"]))
    found = text_of(client.get(reverse("catalog:people"), {"q": "nov", "state": "inactive"}))
    assert "Vera Novak" in found
    assert "Tom Becker" not in found
    assert "Nobody fits" in text_of(client.get(reverse("catalog:people"), {"q": "nobody-at-all"}))


def test_a_filter_that_is_none_shows_nobody(payments, browse):
    assert "Nobody fits" in text_of(
        browse("admin").get(reverse("catalog:people"), {"state": "sleeping"})
    )


def test_whoever_manages_people_deactivates_and_reactivates(payments, browse):
    client = browse("admin")
    answer = client.post(reverse("catalog:deactivate-person", args=["tom"]), follow=True)
    assert "deactivated and its tokens are revoked" in text_of(answer)
    assert not User.objects.get(username="tom").is_active
    client.post(reverse("catalog:reactivate-person", args=["tom"]))
    assert User.objects.get(username="tom").is_active


def test_the_last_superuser_is_not_deactivated_but_said_why(payments, browse):
    answer = browse("admin").post(reverse("catalog:deactivate-person", args=["admin"]))
    assert answer.status_code in {403, 409}
    assert "superuser" in text_of(answer) or "your own" in text_of(answer)
    assert User.objects.get(username="admin").is_active


def test_identities_are_noted_and_removed(payments, browse):
    client = browse("admin")
    client.post(
        reverse("catalog:add-identity", args=["tom"]), {"kind": "scm_login", "value": "tbecker"}
    )
    noted = Identity.objects.get(value="tbecker")
    assert "tbecker" in text_of(client.get(reverse("catalog:person", args=["tom"])))
    client.post(reverse("catalog:remove-identity", args=["tom", noted.pk]))
    assert not Identity.objects.filter(pk=noted.pk).exists()


def test_the_identity_of_somebody_else_is_refused_at_its_field(payments, browse):
    factories.person("sofia")
    answer = browse("admin").post(
        reverse("catalog:add-identity", args=["tom"]),
        {"kind": "email", "value": "sofia@example.com"},
    )
    assert answer.status_code == 409
    assert "noted already" in text_of(answer)


def test_the_address_and_the_identities_are_told_to_nobody_else(payments, browse):
    address = "tom@example.com"
    page = reverse("catalog:person", args=["tom"])
    assert address not in browse("vera").get(page).content.decode()
    assert address in browse("tom").get(page).content.decode()
    assert address in browse("admin").get(page).content.decode()


def test_everybody_changes_their_own_name_but_not_their_address(payments, browse):
    client = browse("tom")
    address = reverse("catalog:edit-person", args=["tom"])
    same = {"email": "tom@example.com", "job_title": "Engineer"}
    client.post(address, {"full_name": "Thomas Becker", **same})
    assert User.objects.get(username="tom").full_name == "Thomas Becker"
    answer = client.post(address, {"full_name": "T", **same, "email": "x@example.com"})
    assert answer.status_code == 403
    assert "your own e-mail address" in text_of(answer)


def test_a_superuser_gives_portal_permissions(payments, browse):
    browse("admin").post(
        reverse("catalog:set-portal-permissions", args=["tom"]), {"permissions": ["edit_policies"]}
    )
    assert User.objects.get(username="tom").has_perm("catalog.edit_policies")


def test_a_superuser_sets_a_password(payments, browse):
    client = browse("admin")
    address = reverse("catalog:set-password", args=["tom"])
    client.post(address, {"password": "five-green-lanterns"})
    assert User.objects.get(username="tom").check_password("five-green-lanterns")
    assert "can sign in" in text_of(client.post(address, {"password": ""}))


def test_a_role_is_made_given_and_changed_for_everybody(payments, browse):
    client = browse("admin")
    client.post(
        reverse("catalog:new-role"),
        {"slug": "on-call", "title": "On call", "permissions": ["view_project"]},
    )
    role = Role.objects.get(slug="on-call")
    client.post(
        reverse("catalog:edit-role", args=["on-call"]),
        {"title": "On call", "permissions": ["view_project", "approve_change"]},
    )
    role.refresh_from_db()
    assert role.permissions == ["view_project", "approve_change"]
    assert "approve or reject changes" in text_of(
        client.get(reverse("catalog:role", args=["on-call"]))
    )


def test_a_built_in_role_stays_as_it_is(payments, browse):
    answer = browse("admin").post(
        reverse("catalog:edit-role", args=["developer"]),
        {"title": "Other", "permissions": ["view_project"]},
    )
    assert answer.status_code == 409
    assert "built in" in text_of(answer)


def test_a_role_that_sees_nothing_is_refused(payments, browse):
    answer = browse("admin").post(
        reverse("catalog:new-role"),
        {"slug": "blind", "title": "Blind", "permissions": ["approve_change"]},
    )
    assert answer.status_code == 422
    assert "nobody can act where they see nothing" in text_of(answer)


def test_whoever_joins_a_team_gets_its_roles_and_loses_them_on_leaving(payments, browse):
    client = browse("admin")
    client.post(reverse("catalog:new-team"), {"slug": "platform", "name": "Platform"})
    team = Team.objects.get(slug="platform")
    client.post(
        reverse("catalog:give-role", args=["payments"]),
        {"team": team.pk, "role": Role.objects.get(slug="security").pk},
    )
    olga = factories.person("olga")
    members = reverse("catalog:add-team-member", args=["platform"])
    client.post(members, {"user": "olga"})
    assert (
        browse("olga").get(reverse("catalog:project-members", args=["payments"])).status_code == 200
    )
    browse("admin").post(reverse("catalog:remove-team-member", args=["platform", "olga"]))
    assert not team.members.filter(pk=olga.pk).exists()
    assert (
        browse("olga").get(reverse("catalog:project-members", args=["payments"])).status_code == 404
    )


def test_nobody_is_twice_in_a_team_and_no_machine_is_in_one(payments, browse):
    create_team(slug="platform", name="Platform", by=factories.admin())
    factories.service_account(payments)
    client = browse("admin")
    address = reverse("catalog:add-team-member", args=["platform"])
    client.post(address, {"user": "tom"})
    assert client.post(address, {"user": "tom"}).status_code == 409
    assert client.post(address, {"user": "payments-ci"}).status_code == 422


def test_a_role_is_given_for_one_environment_until_a_day(payments, browse):
    factories.person("olga")
    staging = payments.environments.get(name="staging")
    browse("oskar").post(
        reverse("catalog:give-role", args=["payments"]),
        {
            "user": "olga",
            "role": Role.objects.get(slug="security").pk,
            "environments": [staging.pk],
            "expires_at": "2099-12-31",
        },
    )
    given = Membership.objects.get(user__username="olga")
    assert list(given.environments.all()) == [staging]
    assert given.expires_at.isoformat() == "2100-01-01T00:00:00+00:00"
    reach = text_of(browse("vera").get(reverse("catalog:project-reach", args=["payments"])))
    assert "Olga Petrova signs nothing" in reach


def test_a_day_that_has_passed_is_refused_at_its_field(payments, browse):
    factories.person("olga")
    give = {"user": "olga", "role": Role.objects.get(slug="viewer").pk}
    for day, status in [("2020-01-01", 422), ("9999-12-31", 422), ("tomorrow", 422)]:
        answer = browse("oskar").post(
            reverse("catalog:give-role", args=["payments"]), {**give, "expires_at": day}
        )
        assert answer.status_code == status


def test_nobody_gives_themselves_a_role(payments, browse):
    answer = browse("oskar").post(
        reverse("catalog:give-role", args=["payments"]),
        {"user": "oskar", "role": Role.objects.get(slug="security").pk},
    )
    assert answer.status_code == 403
    assert "to yourself" in text_of(answer)


def test_an_ended_role_allows_nothing_and_is_not_ended_twice(payments, browse):
    given = Membership.objects.get(user__username="tom", project=payments)
    address = reverse("catalog:end-role", args=["payments", given.pk])
    client = browse("oskar")
    assert "The role Developer of Tom Becker in Payments has ended" in text_of(
        client.post(address, follow=True)
    )
    assert client.post(address).status_code == 409
    assert browse("tom").get(reverse("portal:project", args=["payments"])).status_code == 404


def test_a_role_of_another_project_is_not_ended_here(payments, browse):
    other = factories.project("credit")
    factories.member("tom", other)
    foreign = Membership.objects.get(project=other, user__username="tom")
    answer = browse("oskar").post(reverse("catalog:end-role", args=["payments", foreign.pk]))
    assert answer.status_code == 404


def test_an_account_is_found_by_its_name_in_the_log(payments, browse):
    tom = User.objects.get(username="tom")
    machine = factories.service_account(payments).user
    client = browse("admin")
    for account, route in [(tom, "person"), (machine, "service-account")]:
        answer = client.get(reverse("catalog:account", args=[account.pseudonym]))
        assert answer.url == reverse(f"catalog:{route}", args=[account.username])
    hidden = browse("olga").get(reverse("catalog:account", args=[machine.pseudonym]))
    assert hidden.status_code == 404


def test_after_signing_in_again_a_verb_leads_to_its_page(payments, browse):
    answer = browse("admin").get(reverse("catalog:deactivate-person", args=["tom"]))
    assert answer.url == reverse("catalog:person", args=["tom"])
