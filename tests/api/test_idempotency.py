import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from audit.models import Event
from catalog.models import ApiToken, ArtifactVersion, Project
from portal.api import answers
from portal.models import IdempotencyKey
from portal.tasks import forget_idempotency_keys
from tests.support.api_world import JUNIT, upload

PROJECTS = "/api/v1/projects/"
BODY = {"slug": "new", "name": "New", "risk_tier": "low"}


def post(client, path, body, key="k-1", **more):
    return client.post(path, body, headers={"Idempotency-Key": key}, **more)


def test_the_same_call_is_done_once_and_answered_the_same(world):
    admin = world.as_("admin")
    first, second = post(admin, PROJECTS, BODY), post(admin, PROJECTS, BODY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second["Content-Type"] == first["Content-Type"]
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert Project.objects.filter(slug="new").count() == 1


def test_another_body_or_another_address_under_the_same_key_is_422(world):
    admin = world.as_("admin")
    post(admin, PROJECTS, BODY)
    for path, body in [(PROJECTS, {**BODY, "slug": "other"}), ("/api/v1/teams/", BODY)]:
        answer = post(admin, path, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert not Project.objects.filter(slug="other").exists()


def test_a_key_belongs_to_its_account(world):
    post(world.as_("admin"), PROJECTS, BODY)
    answer = post(world.as_("vera"), PROJECTS, BODY)
    assert answer.status_code == 403
    assert "Idempotency-Replayed" not in answer


def test_a_refusal_of_the_call_itself_is_kept_and_one_of_the_caller_is_not(world):
    admin = world.as_("admin")
    assert post(admin, PROJECTS, {"slug": "x"}, "bad").status_code == 400
    assert post(admin, PROJECTS, {"slug": "x"}, "bad")["Idempotency-Replayed"] == "true"
    vera = world.as_("vera")
    assert post(vera, PROJECTS, BODY).status_code == 403
    assert not IdempotencyKey.objects.filter(account__username="vera").exists()


def test_what_failed_on_our_side_may_be_tried_again(world, monkeypatch):
    admin = world.as_("admin")
    with monkeypatch.context() as broken:
        broken.setattr("catalog.api.projects.create_project", lambda **_: 1 / 0)
        assert post(admin, PROJECTS, BODY).status_code == 500
    assert post(admin, PROJECTS, BODY).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "é"])
def test_a_key_that_is_none_is_refused(world, key):
    answer = post(world.as_("admin"), PROJECTS, BODY, key.encode().decode("latin-1"))
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["errors"]


def test_without_a_good_token_nothing_is_kept(nobody):
    assert post(nobody, PROJECTS, BODY).status_code == 401
    nobody.credentials(HTTP_AUTHORIZATION="Bearer gh_" + "x" * 43)
    assert post(nobody, PROJECTS, BODY).status_code == 401
    assert not IdempotencyKey.objects.exists()


def test_a_session_may_use_keys_too(world, nobody):
    from tests import factories  # noqa: PLC0415 -- only here

    nobody.force_login(factories.admin())
    assert post(nobody, PROJECTS, BODY).status_code == 201
    assert post(nobody, PROJECTS, BODY)["Idempotency-Replayed"] == "true"


def claim_of(account, body=BODY, **fields):
    """A claim as a process leaves it that is answering now, or died while it did."""
    row_fields = {"path": PROJECTS, "method": "POST", "claimed_at": timezone.now()} | fields
    return IdempotencyKey.objects.create(account=account, key="k-1", **row_fields)


def digest_of_first(world):
    """The digest that the body has as it is sent."""
    post(world.as_("admin"), PROJECTS, BODY, "other-key")
    Project.objects.filter(slug="new").update(slug="renamed")
    return IdempotencyKey.objects.get(key="other-key").body_sha256


def test_while_the_first_is_being_answered_the_second_is_told_to_wait(world):
    from tests import factories  # noqa: PLC0415 -- only here

    claim_of(factories.admin(), body_sha256=digest_of_first(world))
    answer = post(world.as_("admin"), PROJECTS, BODY)
    assert (answer.status_code, answer.json()["code"]) == (409, "still_in_progress")
    assert answer["Retry-After"]


def test_a_claim_whose_process_died_is_taken_over_after_a_minute(world):
    from tests import factories  # noqa: PLC0415 -- only here

    digest = digest_of_first(world)
    long_ago = timezone.now() - timedelta(seconds=61)
    claim_of(factories.admin(), body_sha256=digest, claimed_at=long_ago)
    assert post(world.as_("admin"), PROJECTS, BODY).status_code == 201
    assert post(world.as_("admin"), PROJECTS, BODY)["Idempotency-Replayed"] == "true"


def test_a_process_that_was_taken_over_does_not_overwrite_the_answer(world):
    from tests import factories  # noqa: PLC0415 -- only here

    row = claim_of(factories.admin(), body_sha256="0" * 64)
    answers.release(answers.Claim(row.pk, row.claimed_at - timedelta(seconds=90)))
    assert IdempotencyKey.objects.filter(pk=row.pk).exists()


def test_keys_are_forgotten_after_a_day(world):
    from tests import factories  # noqa: PLC0415 -- only here

    old = timezone.now() - timedelta(hours=25)
    claim_of(factories.admin(), body_sha256="0" * 64, status=201, claimed_at=old)
    assert post(world.as_("admin"), PROJECTS, BODY).status_code == 201, (
        "a day old is as good as gone"
    )
    IdempotencyKey.objects.update(claimed_at=old)
    forget_idempotency_keys()
    assert not IdempotencyKey.objects.exists()


def test_a_token_is_not_kept_with_the_answer(world):
    body = {
        "name": "x",
        "scopes": ["read"],
        "expires_at": (timezone.now() + timedelta(days=1)).isoformat(),
    }
    path = f"/api/v1/service-accounts/{world.machine.user.username}/tokens/"
    oskar = world.as_("oskar")
    before = ApiToken.objects.count()
    first, second = post(oskar, path, body), post(oskar, path, body)
    assert first.json()["token"].startswith("gh_")
    assert second.json() == first.json() | {"token": None}
    assert ApiToken.objects.count() == before + 1
    kept = b"".join(bytes(row.body) for row in IdempotencyKey.objects.all())
    assert first.json()["token"].encode() not in kept


def test_an_upload_is_hashed_and_still_arrives(world):
    path = f"/api/v1/artifact-versions/{world.version()['id']}/evidence/"
    send = lambda: post(  # noqa: E731 -- the stream is used up each time
        world.ci, path, {"kind": "junit", "file": upload(JUNIT)}, format="multipart"
    )
    first, second = send(), send()
    assert first.status_code == 201
    assert second.content == first.content
    assert second["Idempotency-Replayed"] == "true"


def test_an_upload_that_no_call_takes_is_413_before_it_is_kept(world, settings):
    settings.EVIDENCE_MAX_BYTES = 1000
    path = f"/api/v1/artifact-versions/{world.version()['id']}/evidence/"
    huge = {"kind": "junit", "file": upload(b"x" * 3_200_000)}
    answer = post(world.ci, path, huge, format="multipart")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(world, monkeypatch, caplog):
    def refuse(*_):
        raise DatabaseError("away")

    monkeypatch.setattr(answers, "keep", refuse)
    assert post(world.as_("admin"), PROJECTS, BODY).status_code == 201
    assert "idempotent_answer_not_kept" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_with_one_key_one_is_done(world):
    body = world.version_body()
    client, path = world.ci, world.at("artifact-versions/")
    done, start = [], threading.Barrier(6)

    def call():
        start.wait()
        done.append(post(client, path, body).status_code)
        connection.close()

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 201 in done
    assert set(done) <= {201, 409}
    assert ArtifactVersion.objects.count() == 1
    assert Event.objects.filter(type="catalog.artifact_version_registered").count() == 1
