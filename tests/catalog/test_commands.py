"""`manage.py issue_token` and `create_admin`."""

import io
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit.models import Event
from catalog.models import ApiToken, TokenScope, User
from catalog.tokens import TOKEN, digest_of


def issue_token(*arguments):
    told, aside = StringIO(), StringIO()
    call_command("issue_token", *arguments, stdout=told, stderr=aside)
    assert aside.getvalue() == ""
    return told.getvalue()


def test_the_token_and_nothing_else_is_printed(make, events):
    tom = make.person("tom")
    told = issue_token("tom")
    assert told.endswith("\n")
    assert TOKEN.fullmatch(told.strip())
    token = ApiToken.objects.get()
    assert (token.user, token.digest) == (tom, digest_of(told.strip()))
    assert token.scopes == TokenScope.values
    assert abs(token.expires_at - timezone.now() - timedelta(days=90)) < timedelta(minutes=1)
    assert events()[-1].startswith("Gatehouse issued the token")
    assert Event.objects.latest("pk").facts["source"]["channel"] == "command"


def test_a_machines_token_neither_signs_nor_administers(make, project):
    make.service_account(project)
    issue_token("payments-ci")
    assert ApiToken.objects.get().scopes == ["read", "artifacts", "releases", "changes"]


def test_scopes_and_days_are_chosen(make, admin):
    issue_token("admin", "--scope", "read", "--scope", "admin", "--days", "1", "--name", "a try")
    token = ApiToken.objects.get()
    assert (token.scopes, token.name) == (["read", "admin"], "a try")
    assert token.expires_at < timezone.now() + timedelta(days=1, minutes=1)


@pytest.mark.parametrize("days", ["0", "-3", "367", "nan", "inf", "1e300"])
def test_days_out_of_reach_are_refused(make, admin, days):
    with pytest.raises(CommandError):
        issue_token("admin", f"--days={days}")
    assert not ApiToken.objects.exists()


def test_an_unknown_account_is_refused(db):
    with pytest.raises(CommandError, match="There is no account 'nobody'"):
        issue_token("nobody")


def test_the_portal_itself_gets_no_token(db):
    with pytest.raises(CommandError, match="no tokens"):
        issue_token("gatehouse")


def test_the_first_superuser_is_made_with_an_event(db, monkeypatch, events):
    monkeypatch.setattr("sys.stdin", io.StringIO("three-quiet-harbours\n"))
    told = StringIO()
    call_command("create_admin", "root", "--email", "root@example.com", stdout=told)
    assert told.getvalue() == "Created the superuser root.\n"
    made = User.objects.get(username="root")
    assert made.is_superuser
    assert made.check_password("three-quiet-harbours")
    assert events() == ["Gatehouse created the account of root."]


def test_a_weak_password_makes_no_superuser(db, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("root\n"))
    with pytest.raises(CommandError, match="too short"):
        call_command("create_admin", "root")
    assert not User.objects.filter(username="root").exists()
