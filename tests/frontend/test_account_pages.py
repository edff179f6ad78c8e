"""The pages of allauth and the error pages, as the portal serves them."""

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import PermissionDenied
from django.template.loader import render_to_string
from django.test import override_settings
from django.urls import path

from catalog.models import User
from portal import urls as portal_urls

PASSWORD = "a long walk over the moor"


def _refuse(request):
    raise PermissionDenied("Only operators may lock an environment.")


urlpatterns = [*portal_urls.urlpatterns, path("refused/", _refuse)]


@pytest.fixture
def ada(db):
    return User.objects.create_user("ada", "ada@example.org", PASSWORD, full_name="Ada Nwosu")


def themed(response):
    text = response.content.decode()
    assert "gh-entrance-card" in text
    assert text.count("<h1>") == 1
    assert "<script>" not in text
    assert "style=" not in text
    return text


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["login/", "signup/", "inactive/"])
def test_a_page_before_the_sign_in_has_our_frame(client, page):
    response = client.get(f"/accounts/{page}")
    assert response.status_code == 200
    themed(response)


def test_a_person_signs_in_and_out(client, ada):
    wrong = client.post("/accounts/login/", {"login": "ada", "password": "wrong"})
    assert 'role="alert"' in themed(wrong)
    right = client.post(
        "/accounts/login/", {"login": "ada", "password": PASSWORD, "next": "/projects/"}
    )
    assert right.status_code == 302
    assert right["Location"] == "/projects/"
    assert "Sign out?" in themed(client.get("/accounts/logout/"))
    assert client.post("/accounts/logout/").status_code == 302
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("page", ["logout/", "password/change/"])
def test_a_page_of_ones_own_account_has_our_frame(client, ada, page):
    client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    assert themed(client.get(f"/accounts/{page}"))


def test_a_password_that_is_too_short_is_refused_at_its_field(client, ada):
    client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    sent = {"oldpassword": PASSWORD, "password1": "short", "password2": "short"}
    text = themed(client.post("/accounts/password/change/", sent))
    assert 'id="id_password1_error"' in text or 'id="id_password2_error"' in text


def test_nobody_can_sign_up(client, db):
    sent = {
        "username": "eve",
        "email": "eve@example.org",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    response = client.post("/accounts/signup/", sent)
    assert "Accounts are given out" in response.content.decode()
    assert not User.objects.filter(username="eve").exists()


def test_nobody_changes_the_address_by_which_their_commits_are_known(client, ada):
    client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    client.post("/accounts/email/", {"action_add": "", "email": "another@example.org"})
    for page in ("email/", "confirm-email/", "password/reset/", "password/set/", "reauthenticate/"):
        assert client.get(f"/accounts/{page}").status_code == 404
    ada.refresh_from_db()
    assert ada.email == "ada@example.org"
    assert not EmailAddress.objects.exists()


def test_who_tries_too_often_is_told_so_in_our_frame(client, db):
    tries = [
        client.post("/accounts/login/", {"login": f"nobody-{number}", "password": "x"})
        for number in range(31)
    ]
    assert tries[-1].status_code == 429
    assert "Too many tries" in themed(tries[-1])


def test_what_is_not_there_gets_our_page(client, db):
    response = client.get("/no/such/page/")
    assert response.status_code == 404
    themed(response)


@override_settings(ROOT_URLCONF=__name__)
def test_a_refusal_says_its_own_sentence(client, db):
    response = client.get("/refused/")
    assert response.status_code == 403
    assert "Only operators may lock an environment." in themed(response)


def test_the_page_for_our_own_faults_needs_nothing(db):
    assert "Something broke here" in render_to_string("500.html")


@pytest.mark.parametrize("page", ["400.html", "403_csrf.html", "413.html", "429.html"])
def test_the_other_error_pages_render_without_a_context(page):
    assert "gh-entrance-card" in render_to_string(page)
