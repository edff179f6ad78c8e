"""The newest checkpoint is stamped once a day, and the stamp is kept and verified."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.anchors.anchoring import anchor, checkpoint_to_anchor
from audit.anchors.tokens import AnchorInvalid
from audit.completeness.alarms import open_alarms
from audit.completeness.models import Alarm
from audit.completeness.verification import verify_log
from audit.models import Anchor, Checkpoint, Event, Tree
from audit.outgoing import OutgoingUnavailable
from audit.witness import courier as module
from audit.witness.courier import Courier
from tests.audit.anchors.authority import Authority
from tests.audit.sealing import SealedLog, tamper
from tests.support.log import url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("authority"))
    authority.url = authority.serve()
    yield authority
    authority.stop()


@pytest.fixture
def log(tmp_path, settings, authority):
    settings.TIMESTAMP_URL = authority.url
    settings.TIMESTAMP_ROOTS_FILE = str(authority.roots)
    authority.answers.clear()
    return SealedLog(tmp_path / "log", settings)


def stamp_newest():
    checkpoint = checkpoint_to_anchor(Tree.objects.get())
    return anchor(checkpoint, signer_url=url("signer")) if checkpoint else None


def test_a_stamp_is_kept_and_verifies_with_the_rest_of_the_log(log, authority):
    note = log.grow(3)
    stamp = stamp_newest()
    kept = Anchor.objects.get()
    assert (kept.checkpoint.size, kept.kind) == (3, "rfc3161")
    assert "Stamps" in stamp.authority
    assert authority.verifies(bytes(kept.token), note.text.encode())
    assert Event.objects.filter(type="audit.anchored").exists()
    assert verify_log().findings == []


def test_the_next_stamp_is_due_a_day_later_and_if_the_log_has_grown(log):
    assert checkpoint_to_anchor(Tree.objects.get()) is None
    log.grow(3)
    stamp_newest()
    log.grow(3)
    assert checkpoint_to_anchor(Tree.objects.get()) is None
    tamper("UPDATE audit_anchor SET made_at = now() - interval '25 hours'")
    assert checkpoint_to_anchor(Tree.objects.get()).size == 7
    stamp_newest()
    tamper("UPDATE audit_anchor SET made_at = now() - interval '25 hours'")
    assert checkpoint_to_anchor(Tree.objects.get()) is None  # nothing is new


def test_the_courier_gets_it_by_itself(log):
    log.grow(3)
    Courier(None).round()
    Courier(None).round()
    assert Anchor.objects.count() == 1
    assert open_alarms() == []


@pytest.mark.parametrize("answer", [(500, b""), (200, b"no stamp"), (200, b"")], ids=str)
def test_what_is_no_stamp_is_not_kept(log, authority, answer):
    log.grow(3)
    authority.answers.append(answer)
    with pytest.raises(AnchorInvalid):
        stamp_newest()
    assert not Anchor.objects.exists()


def test_an_authority_that_is_away_is_asked_again_later(log, settings):
    settings.TIMESTAMP_URL = "http://127.0.0.1:9/tsr"
    log.grow(3)
    with pytest.raises(OutgoingUnavailable):
        stamp_newest()
    courier = Courier(None)
    courier.round()
    settings.TIMESTAMP_URL = "http://[broken"
    courier.round()  # it pauses, and so does not even look
    assert not Anchor.objects.exists()


def test_an_authority_that_gives_no_stamps_is_an_alarm_until_it_does(log, authority):
    log.grow(3)
    authority.answers.append((500, b""))
    Courier(None).round()
    [alarm] = open_alarms()
    assert (alarm.kind, alarm.about) == ("unkept", "time stamps")
    assert "gives no stamps that hold" in alarm.sentence
    Courier(None).round()
    assert open_alarms() == []
    assert Anchor.objects.count() == 1


def test_the_alarm_about_stamps_ends_when_no_authority_is_asked_any_more(log, authority, settings):
    log.grow(3)
    authority.answers.append((500, b""))
    Courier(None).round()
    assert len(open_alarms()) == 1
    settings.TIMESTAMP_URL = ""
    courier = Courier(None)
    courier.round()
    assert open_alarms() == []
    assert Alarm.objects.get().lifted_because == "No time-stamp authority is asked any more."
    with CaptureQueriesContext(connection) as queries:
        courier.round()
    assert not queries.captured_queries


def test_a_stamp_of_an_authority_that_is_not_believed_is_not_kept(log, settings, tmp_path):
    settings.TIMESTAMP_ROOTS_FILE = str(Authority(tmp_path / "other").roots)
    log.grow(3)
    with pytest.raises(AnchorInvalid):
        stamp_newest()


def test_a_clock_that_is_off_raises_an_alarm(log, monkeypatch):
    real = module.timezone.now
    log.grow(3)
    monkeypatch.setattr(module.timezone, "now", lambda: real() - timedelta(minutes=10))
    Courier(None).round()
    monkeypatch.undo()
    assert "times in the log may be off" in open_alarms()[0].sentence


def test_a_stamp_moved_to_another_checkpoint_is_found(log):
    log.grow(3)
    stamp_newest()
    log.grow(3)
    assert Checkpoint.objects.count() == 2
    tamper("UPDATE audit_anchor SET checkpoint_id = (SELECT max(id) FROM audit_checkpoint)")
    assert "The time stamp on 7 entries" in " ".join(verify_log().findings)
