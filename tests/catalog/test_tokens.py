"""Service accounts and tokens: shown once, kept as a digest, never wider than they may be."""

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import Event
from audit.privacy.disclosures import disclosed
from catalog.actions.create_service_account import create_service_account
from catalog.actions.deactivate_service_account import deactivate_service_account
from catalog.actions.issue_token import issue_token
from catalog.actions.revoke_token import revoke_token
from catalog.errors import AlreadyExists, InvalidInput, NotPermitted
from catalog.models import ApiToken, the_portal
from catalog.permissions import Permission, allowed


@pytest.fixture
def machine(make, project):
    return make.service_account(project)


@pytest.fixture
def tom(make):
    return make.person("tom")


def issue(account, *, by, days=30.0, scopes=("read",), name="pipeline", **more):
    ends = timezone.now() + timedelta(days=days)
    return issue_token(account, name=name, scopes=scopes, expires_at=ends, by=by, **more)


def test_a_service_account_is_a_slug_of_its_project_and_may_do_nothing_yet(project, oskar, events):
    account = create_service_account(
        project, username="ledger-bot", description="Nightly", by=oskar
    )
    assert (account.user.kind, account.project, account.user.is_person) == (
        "service",
        project,
        False,
    )
    assert not account.user.has_usable_password()
    assert not allowed(account.user, Permission.VIEW_PROJECT, project)
    assert events() == ["Oskar Lind created the service account ledger-bot in payments."]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", ""),
        ("username", "Ledger Bot"),
        ("username", "b" * 64),
        ("username", 3),
        ("username", "a\x00b"),
        ("description", "d" * 301),
        ("description", 3),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_field_that_does_not_fit_is_named(project, oskar, field, value):
    with pytest.raises(InvalidInput) as refused:
        create_service_account(project, **{"username": "bot", field: value}, by=oskar)
    assert list(refused.value.fields) == [field]


def test_its_name_is_nobody_elses(project, oskar, tom):
    for taken in ("tom", "gatehouse"):
        with pytest.raises(AlreadyExists):
            create_service_account(project, username=taken, by=oskar)


def test_without_manage_service_accounts_nobody_makes_or_ends_one(make, project, machine):
    priya = make.member("priya", project)
    for act in (
        lambda: create_service_account(project, username="bot", by=priya),
        lambda: deactivate_service_account(machine, by=priya),
        lambda: issue(machine.user, by=priya),
    ):
        with pytest.raises(NotPermitted, match="manage service accounts"):
            act()


def test_the_administrator_of_another_project_does_not_issue_its_tokens(make, machine):
    ledger = make.project("ledger")
    oskar = make.member("oskar", ledger)
    with pytest.raises(NotPermitted):
        issue(machine.user, by=oskar)


def test_the_token_is_shown_once_and_kept_as_a_digest(machine, oskar, events):
    token, plain = issue(machine.user, by=oskar, scopes=["releases", "read", "read"])
    assert plain.startswith("gh_")
    assert len(plain) == 46
    assert token.digest == hashlib.sha256(plain.encode()).hexdigest()
    assert plain.startswith(token.prefix)
    assert len(token.prefix) < 16
    assert token.scopes == ["read", "releases"]
    assert list(ApiToken.objects.usable()) == [token]
    ends = f"{token.expires_at:%Y-%m-%d}"
    assert events() == [
        f"Oskar Lind issued the token {token.prefix}… for payments-ci, valid until {ends}."
    ]


def test_the_token_is_nowhere_in_the_log(machine, oskar):
    token, plain = issue(machine.user, by=oskar)
    event = Event.objects.latest("pk")
    written = bytes(event.entry).decode() + str(disclosed([event.pk])[event.pk])
    assert plain not in written
    assert token.digest not in written
    assert event.stream == machine.user.audit_stream
    assert event.project == "payments"


def test_everybody_issues_their_own_and_only_superusers_others(make, admin, tom):
    issue(tom, by=tom, scopes=["read", "approve"])
    with pytest.raises(NotPermitted, match="superuser"):
        issue(make.person("sofia"), by=tom)
    issue(tom, by=admin)


def test_not_even_a_superuser_issues_a_token_that_signs_in_somebody_elses_name(admin, tom):
    with pytest.raises(NotPermitted, match="issued by that person"):
        issue(tom, by=admin, scopes=["approve"])
    issue(tom, by=the_portal(), scopes=["approve"])  # the machine's own command line


def test_no_token_signs_for_a_machine(machine, oskar):
    with pytest.raises(InvalidInput, match="Only a person signs"):
        issue(machine.user, by=oskar, scopes=["read", "approve"])


def test_a_token_issues_none_that_opens_more_than_itself(tom):
    with pytest.raises(NotPermitted, match="does not open changes, approve itself"):
        issue(tom, by=tom, scopes=["read", "changes", "approve"], within=["read", "admin"])
    issue(tom, by=tom, scopes=["read"], within=["read", "admin"])


def test_the_portal_has_no_tokens(admin):
    with pytest.raises(NotPermitted, match="no tokens"):
        issue(the_portal(), by=admin)


@pytest.mark.parametrize(
    "scopes", [[], ["everything"], ["read", "root"], "read,write", [7]], ids=str
)
def test_an_unknown_scope_is_refused(tom, scopes):
    with pytest.raises(InvalidInput) as refused:
        issue(tom, by=tom, scopes=scopes)
    assert list(refused.value.fields) == ["scopes"]


@pytest.mark.parametrize("days", [-1, 0, 366.1, 10_000])
def test_a_token_ends_within_366_days(tom, days):
    with pytest.raises(InvalidInput) as refused:
        issue(tom, by=tom, days=days)
    assert list(refused.value.fields) == ["expires_at"]


@pytest.mark.parametrize("name", ["", "n" * 101, "a\x00", 5])
def test_a_tokens_name_must_fit(tom, name):
    with pytest.raises(InvalidInput) as refused:
        issue(tom, by=tom, name=name)
    assert list(refused.value.fields) == ["name"]


def test_a_deactivated_account_gets_no_token(machine, oskar):
    deactivate_service_account(machine, by=oskar)
    with pytest.raises(InvalidInput, match="deactivated"):
        issue(machine.user, by=oskar)


def test_deactivating_a_machine_ends_its_tokens_and_grants(machine, project, oskar, events):
    issue(machine.user, by=oskar)
    gone = deactivate_service_account(machine, by=oskar)
    assert not gone.user.is_active
    assert not ApiToken.objects.usable().exists()
    assert not allowed(gone.user, Permission.VIEW_PROJECT, project)
    deactivate_service_account(machine, by=oskar)
    assert events()[1:] == ["Oskar Lind deactivated the service account payments-ci."]


def test_a_revoked_token_opens_nothing_more(machine, oskar, events):
    token, _ = issue(machine.user, by=oskar)
    assert revoke_token(token, by=oskar).revoked_at is not None
    assert not ApiToken.objects.usable().exists()
    revoke_token(token, by=oskar)
    assert events()[1:] == [f"Oskar Lind revoked the token {token.prefix}… of payments-ci."]


def test_who_revokes_which_token(make, project, machine, oskar, admin, tom):
    sofia = make.member("sofia", project)
    toms, _ = issue(tom, by=tom)
    for_ci, _ = issue(machine.user, by=oskar)
    with pytest.raises(NotPermitted):
        revoke_token(toms, by=sofia)
    with pytest.raises(NotPermitted):
        revoke_token(for_ci, by=sofia)
    revoke_token(toms, by=tom)
    revoke_token(for_ci, by=machine.user)  # whoever holds a leaked token may end it
    revoke_token(issue(tom, by=tom)[0], by=admin)
    assert not ApiToken.objects.usable().exists()
