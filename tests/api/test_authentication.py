from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.api.authentication import account_of
from catalog.models import ApiToken, TokenScope, User
from catalog.tokens import TOKEN, new_token
from tests.support.callers import client_of, token_for

ME = "/api/v1/me/"


def ask(client, token):
    return client.get(ME, headers={"Authorization": f"Bearer {token}"})


def test_a_new_token_has_the_form_that_is_looked_for():
    plain, prefix, digest = new_token()
    assert TOKEN.fullmatch(plain)
    assert plain.startswith(prefix)
    assert len(prefix) < 16
    assert len(digest) == 64 and plain not in digest


def test_a_good_token_opens_the_api_as_its_account(nobody, anybody):
    answer = ask(nobody, token_for(anybody)).json()
    assert answer["username"] == "anybody"
    assert answer["name"] == "Any Body"
    assert answer["token"]["scopes"] == list(TokenScope.values)
    assert answer["token"]["expires_at"].endswith("Z")


def test_without_a_token_the_answer_is_401_with_a_challenge(nobody):
    answer = nobody.get(ME)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="Gatehouse"'
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_authenticated"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token, user: ApiToken.objects.update(
            expires_at=timezone.now() - timedelta(seconds=1)
        ),
        lambda token, user: ApiToken.objects.update(revoked_at=timezone.now()),
        lambda token, user: type(user).objects.filter(pk=user.pk).update(is_active=False),
        lambda token, user: ApiToken.objects.all().delete(),
    ],
    ids=["expired", "revoked", "inactive account", "unknown"],
)
def test_what_is_wrong_with_a_token_is_told_to_nobody(nobody, anybody, spoil):
    token = token_for(anybody)
    spoil(token, anybody)
    answer = ask(nobody, token)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]
    assert "unknown, ran out, was revoked" in answer.json()["detail"]
    assert token not in answer.content.decode()


@pytest.mark.parametrize(
    "token", ["", "gh_", "x" * 46, "gh_" + "é" * 43, "gh_" + "a" * 5000, "gh_a b"]
)
def test_what_is_no_token_is_401(nobody, db, token):
    assert ask(nobody, token.encode().decode("latin-1")).status_code == 401


def test_the_token_and_its_account_take_one_query(nobody, anybody):
    token = token_for(anybody, last_used_at=timezone.now())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        ask(nobody, token)
    assert sum("catalog_apitoken" in query["sql"] for query in queries) == 1


def test_the_last_use_is_noted_at_most_once_a_minute(nobody, anybody):
    token = token_for(anybody)
    ask(nobody, token)
    noted = ApiToken.objects.get().last_used_at
    assert noted is not None
    ask(nobody, token)
    assert ApiToken.objects.get().last_used_at == noted
    ApiToken.objects.update(last_used_at=noted - timedelta(minutes=2))
    ask(nobody, token)
    assert ApiToken.objects.get().last_used_at > noted


def test_what_is_looked_up_by_hand_is_what_the_models_say(anybody):
    token = token_for(anybody)
    user, found = account_of(f"Bearer {token}")
    row = ApiToken.objects.usable().select_related("user").get()
    assert vars(user).keys() == vars(row.user).keys()
    for field in User._meta.concrete_fields:
        assert getattr(user, field.attname) == getattr(row.user, field.attname)
    row.refresh_from_db(fields=["last_used_at"])
    for field in ApiToken._meta.concrete_fields:
        if field.name != "last_used_at":
            assert getattr(found, field.attname) == getattr(row, field.attname)


def test_a_token_without_the_scope_to_read_reads_nothing(anybody):
    answer = client_of(anybody, [TokenScope.ARTIFACTS]).get(ME)
    assert answer.status_code == 403
    assert answer.json()["required_scope"] == "read"


def test_a_session_has_no_scopes(nobody, anybody):
    nobody.force_login(anybody)
    answer = nobody.get(ME)
    assert answer.status_code == 200
    assert answer.json()["token"] is None
