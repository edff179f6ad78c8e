"""Machines and tokens on pages."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from catalog.models import ApiToken, ServiceAccount
from catalog.tokens import digest_of
from tests import factories

NEW = {"name": "pipeline", "scopes": ["read", "artifacts"], "days": "30"}


@pytest.fixture
def machine(payments):
    return factories.service_account(payments)


def token_in(answer):
    return re.search(r"gh_[\w-]{43}", answer.content.decode())[0]


def test_a_machine_is_created_where_one_may(payments, browse):
    answer = browse("oskar").post(
        reverse("catalog:new-service-account", args=["payments"]),
        {"username": "payments-cd", "description": "Deploys"},
        follow=True,
    )
    assert answer.status_code == 200
    assert ServiceAccount.objects.get(user__username="payments-cd").project == payments


@pytest.mark.parametrize(("username", "status"), [("Payments CI", 422), ("tom", 409)])
def test_a_name_that_a_machine_cannot_have_is_refused(payments, browse, username, status):
    answer = browse("oskar").post(
        reverse("catalog:new-service-account", args=["payments"]), {"username": username}
    )
    assert answer.status_code == status


def test_a_token_is_shown_once_and_then_only_its_beginning(machine, browse):
    client = browse("oskar")
    answer = client.post(reverse("catalog:issue-token", args=["payments-ci"]), NEW)
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    plain = token_in(answer)
    kept = ApiToken.objects.get(digest=digest_of(plain))
    assert (kept.user, kept.scopes) == (machine.user, ["read", "artifacts"])
    later = client.get(reverse("catalog:service-account", args=["payments-ci"])).content.decode()
    assert plain not in later
    assert kept.prefix in later


def test_a_machine_gets_no_token_that_signs(machine, browse):
    answer = browse("oskar").post(
        reverse("catalog:issue-token", args=["payments-ci"]), {**NEW, "scopes": ["approve"]}
    )
    assert answer.status_code == 422
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("wrong", [{"days": "4000"}, {"scopes": []}, {"name": ""}, {"days": ""}])
def test_a_token_needs_a_name_scopes_and_an_end(machine, browse, wrong):
    answer = browse("oskar").post(
        reverse("catalog:issue-token", args=["payments-ci"]), {**NEW, **wrong}
    )
    assert answer.status_code == 422
    assert not ApiToken.objects.exists()


def test_a_revoked_token_is_shown_as_revoked(machine, browse):
    factories.token(machine.user)
    token = ApiToken.objects.get()
    client = browse("oskar")
    answer = client.post(
        reverse("catalog:revoke-token", args=["payments-ci", token.pk]), follow=True
    )
    assert "Revoked" in answer.content.decode()
    token.refresh_from_db()
    assert token.revoked_at <= timezone.now()


def test_a_token_of_another_account_is_not_revoked_here(machine, browse):
    factories.token(factories.person("tom"))
    token = ApiToken.objects.get()
    client = browse("oskar")
    for address in (
        reverse("catalog:revoke-token", args=["payments-ci", token.pk]),
        reverse("catalog:revoke-my-token", args=[token.pk]),
    ):
        assert client.post(address).status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_a_deactivated_machine_gets_no_more_tokens(machine, browse):
    client = browse("oskar")
    client.post(reverse("catalog:deactivate-service-account", args=["payments-ci"]))
    page = client.get(reverse("catalog:service-account", args=["payments-ci"]))
    assert "Issue a token" not in page.content.decode()
    answer = client.post(reverse("catalog:issue-token", args=["payments-ci"]), NEW)
    assert answer.status_code == 422


def test_a_person_issues_and_revokes_their_own_tokens(payments, browse):
    client = browse("tom")
    answer = client.post(reverse("catalog:issue-my-token"), {**NEW, "scopes": ["approve"]})
    token = ApiToken.objects.get(digest=digest_of(token_in(answer)))
    assert token.user.username == "tom"
    client.post(reverse("catalog:revoke-my-token", args=[token.pk]))
    token.refresh_from_db()
    assert token.revoked_at


def test_only_machines_of_projects_one_sees_are_listed(machine, browse):
    address = reverse("catalog:service-accounts")
    assert "payments-ci" in browse("vera").get(address).content.decode()
    assert "payments-ci" not in browse("olga").get(address).content.decode()
