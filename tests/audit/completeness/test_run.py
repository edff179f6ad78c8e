"""A verification leaves a row, an event, and an alarm while it fails."""

import pytest
from django.db import connection

from audit.completeness.alarms import open_alarms
from audit.completeness.models import VerificationRun
from audit.completeness.run import verify_and_tell
from audit.models import Event
from audit.tasks.looking_after import verify
from tests.audit.sealing import SealedLog, tamper

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def log(tmp_path, settings):
    return SealedLog(tmp_path / "log", settings)


def test_a_good_log_leaves_a_good_run(log):
    log.grow(5)
    run = verify_and_tell()
    assert (run.ok, run.size, run.checkpoints, run.findings) == (True, 5, 1, [])
    assert Event.objects.order_by("-pk").first().type == "audit.verified"
    assert open_alarms() == []


def test_a_bad_log_raises_an_alarm_until_it_verifies_again(log):
    log.grow(5)
    tamper("UPDATE audit_event SET actor = 'usr_2' WHERE stream_seq = 3")
    verify()
    run = VerificationRun.objects.get()
    assert not run.ok
    assert "The columns beside the entry of leaf 2" in run.findings[0]
    [alarm] = open_alarms()
    assert "does not verify: The columns" in alarm.sentence
    kinds = set(Event.objects.filter(stream="audit-log/1").values_list("type", flat=True))
    assert kinds == {"audit.verification_failed", "audit.alarm_raised"}

    tamper("UPDATE audit_event SET actor = 'usr_1' WHERE stream_seq = 3 AND stream = 'thing/1'")
    assert verify_and_tell().ok
    assert open_alarms() == []
    assert VerificationRun.objects.count() == 2


def test_a_table_that_does_not_agree_fails_the_run_too(log):
    log.grow(5)
    tamper("DELETE FROM catalog_role WHERE false", "UPDATE catalog_role SET built_in = false")
    run = verify_and_tell()
    assert any("Roles of one's own: the tables hold" in finding for finding in run.findings)


def test_the_comparison_with_the_tables_has_more_time_than_a_page(log, monkeypatch):
    log.grow(1)
    seen = []

    def looking():
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            seen.extend(cursor.fetchone())
        return []

    monkeypatch.setattr("audit.completeness.run.reconcile", looking)
    assert verify_and_tell().ok
    assert seen == ["2h"]
