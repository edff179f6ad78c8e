"""Who came, who went and who tried is in the log; the password never is."""

import pytest
from django.urls import reverse

from audit.models import Event
from audit.privacy.disclosures import disclosed
from catalog.actions.deactivate_person import deactivate_person
from catalog.models import User
from tests.factories import PASSWORD
from tests.support.absent_cache import take_the_cache_away

LOGIN = "/accounts/login/"


@pytest.fixture
def tom(make):
    return make.person("tom")


def sign_in(client, login="tom", password=PASSWORD):
    return client.post(LOGIN, {"login": login, "password": password})


@pytest.mark.parametrize("login", ["tom", "tom@example.com", "TOM@example.com"])
def test_a_sign_in_is_recorded(client, tom, events, login):
    assert sign_in(client, login).status_code == 302
    assert client.session["_auth_user_id"] == str(tom.pk)
    assert events() == ["Tom Becker signed in."]
    event = Event.objects.latest("pk")
    assert event.stream == tom.audit_stream
    assert event.facts["source"]["channel"] == "page"
    assert disclosed([event.pk])[event.pk]["address"] == "127.0.0.1"


def test_a_sign_out_is_recorded(client, tom, events):
    sign_in(client)
    client.post("/accounts/logout/")
    assert "_auth_user_id" not in client.session
    assert events() == ["Tom Becker signed in.", "Tom Becker signed out."]


@pytest.mark.parametrize("login", ["tom", "tom@example.com"])
def test_a_failed_sign_in_is_recorded_with_the_account_that_was_tried(client, tom, events, login):
    assert sign_in(client, login, "wrong-horse-battery").status_code == 200
    assert "_auth_user_id" not in client.session
    assert events() == [f"A sign-in as {login} failed."]
    event = Event.objects.latest("pk")
    assert (event.stream, event.facts["outcome"]) == (tom.audit_stream, "failure")
    assert event.facts["data"] == {"known": True}


def test_a_sign_in_under_an_unknown_name_is_recorded_in_the_portals_stream(client, db, events):
    sign_in(client, "mallory", "wrong-horse-battery")
    event = Event.objects.latest("pk")
    assert events() == ["A sign-in as mallory failed."]
    assert event.facts["object"]["id"] == "sys_gatehouse"
    assert event.facts["data"] == {"known": False}


def test_neither_the_tried_password_nor_the_tried_name_is_in_an_entry(client, tom):
    sign_in(client, "tom", "tr1ed-and-failed")
    event = Event.objects.latest("pk")
    assert "tr1ed" not in str(disclosed([event.pk])[event.pk])
    entry = bytes(event.entry).decode()
    assert "tr1ed" not in entry
    assert '"tom"' not in entry


def test_a_name_that_cannot_be_stored_does_not_keep_the_failure_from_being_recorded(client, tom):
    response = sign_in(client, "t" * 5000, "wrong-horse-battery")
    assert response.status_code == 200
    response = sign_in(client, "to\x00m", "wrong-horse-battery")
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("proxies", "told", "address"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "192.0.2.7, 198.51.100.1,203.0.113.9", "198.51.100.1"),
        (2, "203.0.113.9", "127.0.0.1"),
        (1, "somebody", "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (1, "2001:db8::7", "2001:db8::7"),
    ],
)
def test_where_it_came_from_is_what_our_own_proxies_say(
    client, tom, settings, proxies, told, address
):
    settings.TRUSTED_PROXIES = proxies
    fields = {"login": "tom", "password": "wrong-horse-battery"}
    client.post(LOGIN, fields, headers={"X-Forwarded-For": told})
    event = Event.objects.latest("pk")
    assert disclosed([event.pk])[event.pk]["address"] == address


def test_who_tries_too_often_keeps_nobody_else_behind_the_proxy_from_signing_in(
    client, tom, settings
):
    settings.TRUSTED_PROXIES = 1
    for number in range(11):
        fields = {"login": f"mallory-{number}", "password": "wrong-horse-battery"}
        tried = client.post(LOGIN, fields, headers={"X-Forwarded-For": "203.0.113.9"})
    assert "Too many failed login attempts" in tried.content.decode()
    fields = {"login": "tom", "password": PASSWORD}
    assert (
        client.post(LOGIN, fields, headers={"X-Forwarded-For": "198.51.100.1"}).status_code == 302
    )


def test_while_the_cache_is_away_people_sign_in_and_tries_are_counted_all_the_same(
    client, tom, settings, monkeypatch
):
    take_the_cache_away(settings, monkeypatch)
    assert sign_in(client).status_code == 302
    client.logout()
    for number in range(11):
        fields = {"login": f"mallory-{number}", "password": "wrong-horse-battery"}
        tried = client.post(LOGIN, fields)
    assert "Too many failed login attempts" in tried.content.decode()
    assert sign_in(client).status_code == 200


def test_a_deactivated_person_does_not_sign_in(client, tom, events):
    tom.is_active = False
    tom.save()
    sign_in(client)
    assert "_auth_user_id" not in client.session
    assert not [sentence for sentence in events() if sentence.endswith("signed in.")]


def test_a_deactivated_person_is_out_at_once(client, make, tom, admin):
    sign_in(client)
    deactivate_person(tom, by=admin)
    assert client.get(reverse("account_change_password")).url.startswith(LOGIN)


def test_a_changed_password_is_recorded_and_keeps_the_session(client, tom, events):
    sign_in(client)
    new = "five-loud-harbours"
    page = reverse("account_change_password")
    client.post(page, {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert events()[-1] == "Tom Becker changed the account of Tom Becker: password."
    assert client.session["_auth_user_id"] == str(tom.pk)
    tom.refresh_from_db()
    assert tom.check_password(new)


def test_nobody_signs_up(client, db):
    assert client.get("/accounts/signup/").status_code in {200, 404}
    client.post(
        "/accounts/signup/",
        {
            "username": "mallory",
            "email": "m@example.com",
            "password1": PASSWORD,
            "password2": PASSWORD,
        },
    )
    assert not User.objects.filter(username="mallory").exists()
