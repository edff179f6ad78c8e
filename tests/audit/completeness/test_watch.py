"""The watch: what is late, missing or silent raises an alarm, and lifts it when it is right again."""

# ruff: noqa: S608 -- the statements are this file's own

from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from audit.completeness import watch as watching
from audit.completeness.alarms import open_alarms
from audit.completeness.models import VerificationRun
from audit.completeness.watch import silences, watch
from audit.models import Event, Halt
from audit.tasks import looking_after
from audit.tasks.looking_after import heartbeat
from tests.audit.sealing import SealedLog, tamper
from tests.support.log import ORIGIN, connected, rows, sequence, write
from tests.support.worker import empty_queues

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def log(tmp_path, settings):
    settings.WITNESS_POLICY_FILE = ""
    return SealedLog(tmp_path / "log", settings)


def alarms():
    watch()
    return {alarm.kind: alarm.sentence for alarm in open_alarms()}


def test_a_good_log_raises_none(log):
    assert alarms() == {}
    log.grow(5)
    assert alarms() == {}


def test_an_event_that_is_not_sealed_in_time_raises_one(log, monkeypatch):
    write("thing/1")
    assert alarms() == {}
    monkeypatch.setattr(watching, "SEALED_WITHIN", timedelta(0))
    assert "Does the sequencer run?" in alarms()["sealing"]
    monkeypatch.undo()
    log.seal()
    assert alarms() == {}


def test_a_tree_that_is_not_signed_in_time_raises_one(log, monkeypatch):
    log.grow(3)
    write("thing/1", 2)
    sequence()
    assert alarms() == {}
    monkeypatch.setattr(watching, "SIGNED_WITHIN", timedelta(0))
    assert "5 entries, and only 3 are signed" in alarms()["sealing"]


def test_a_halted_log_says_why(log):
    with connected("signer") as signer:
        signer.execute("INSERT INTO audit_halt (said_by, reason) VALUES ('signer', 'It shrank.')")
    assert "It shrank." in alarms()["sealing"]
    assert Halt.objects.count() == 1


def test_silence_raises_one_and_a_heartbeat_ends_it(log):
    heartbeat()
    tamper("UPDATE audit_event SET recorded_at = now() - interval '3 hours'")
    assert "not even the hourly sign of life" in alarms()["silence"]
    heartbeat()
    assert "silence" not in alarms()


def test_a_heartbeat_is_an_event(log):
    heartbeat()
    [event] = Event.objects.all()
    assert (event.type, event.stream) == ("audit.heartbeat", "audit-log/1")


def test_a_log_that_was_never_verified_raises_one_after_its_first_night(log):
    log.grow(1)
    assert alarms() == {}
    tamper("UPDATE audit_checkpoint SET signed_at = now() - interval '40 hours'")
    assert "was not verified since" in alarms()["unverified"]
    VerificationRun.objects.create(
        origin=ORIGIN, started_at=timezone.now(), ok=True, size=1, root="", checkpoints=0
    )
    assert "unverified" not in alarms()


def test_a_verification_that_is_missing_is_asked_for_once(log):
    log.grow(1)
    empty_queues()
    looking_after.watch()
    looking_after.watch()
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as broker:
        assert broker.llen("default") == 1
    empty_queues()


def test_without_cosignatures_one_is_raised_where_a_policy_asks_for_them(
    log, settings, tmp_path, monkeypatch, witness_policy_of
):
    log.grow(3)
    monkeypatch.setattr(watching, "WITNESSED_WITHIN", timedelta(0))
    assert alarms() == {}
    settings.WITNESS_POLICY_FILE = witness_policy_of(log)
    assert "0 of 3 entries are witnessed" in alarms()["unwitnessed"]
    with connected("signer") as signer:
        [[checkpoint]] = rows("SELECT id FROM audit_checkpoint")
        signer.execute("INSERT INTO audit_quorum (checkpoint_id) VALUES (%s)", [checkpoint])
    assert "unwitnessed" not in alarms()


def test_a_policy_that_cannot_be_read_raises_one(log, settings, tmp_path):
    settings.WITNESS_POLICY_FILE = str(tmp_path / "missing")
    assert "The witness policy" in alarms()["unwitnessed"]


def test_the_silences_of_a_time_are_told(log):
    write("thing/1", 4)
    now = timezone.now()
    for hours, ordinal in ((10, 1), (9, 2), (4, 3)):
        tamper(
            f"UPDATE audit_event SET recorded_at = now() - interval '{hours} hours'"
            f" WHERE stream_seq = {ordinal}"
        )
    found = list(silences(now - timedelta(days=1), now + timedelta(days=1)))
    assert [round((each.until - each.since).total_seconds() / 3600) for each in found] == [5, 4]
