"""/readyz says why recorded events do not get their place in the log."""

import pytest

from audit.standing import sequencing
from tests.support.log import connected, sequence, write

pytestmark = pytest.mark.django_db(transaction=True)

RECORDED = "UPDATE audit_event SET recorded_at = clock_timestamp() - interval '{} s'"
SEQUENCED = "UPDATE audit_tree SET sequenced_at = clock_timestamp() - interval '{} s'"
WAIT = "no sequencer gives it to them"


@pytest.fixture
def ago(superuser_does):
    """Let what waits have been recorded, and the tree have grown, so many seconds ago."""

    def shift(recorded, sequenced):
        superuser_does(RECORDED.format(recorded), SEQUENCED.format(sequenced))

    return shift


def test_a_log_without_events_is_well():
    assert sequencing() == "ok"


def test_events_may_wait_for_a_moment_but_not_for_ever(ago):
    write()
    assert sequencing() == "ok"
    ago(recorded=60, sequenced=60)
    assert WAIT in sequencing()
    sequence()
    assert sequencing() == "ok"


def test_a_backlog_that_is_being_worked_off_is_no_trouble(ago):
    write(times=3)
    ago(recorded=3600, sequenced=1)
    assert sequencing() == "ok"


def test_a_halt_is_told_in_its_own_words(client):
    with connected("signer") as signer:
        signer.execute("INSERT INTO audit_halt (said_by, reason) VALUES ('signer', 'It rains.')")
    assert sequencing() == "It rains."
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["sequencer"] == "It rains."
