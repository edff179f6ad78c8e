"""One batch after the other: dense, in order, and by one sequencer at a time."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from audit.models import Event, Leaf, Pending, Tree
from audit.sequencer.batch import AnotherLeads, Halted, something_waits, take_batch
from audit.sequencer.run import Sequencer
from audit.tlog.merkle import EMPTY_ROOT, root_of
from tests.support.log import BODY, ORIGIN, connected, insert, rows, sequence, url, write
from tests.support.wait import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def indexed():
    """What is in the tree, in its order."""
    return list(Event.objects.filter(leaf__isnull=False).order_by("leaf__idx"))


def assert_whole():
    """The tree is dense, is that of its leaves, and holds every event or its place in the queue."""
    leaves = list(Leaf.objects.order_by("idx"))
    tree = Tree.objects.get()
    assert [leaf.idx for leaf in leaves] == list(range(tree.size))
    assert bytes(tree.root) == root_of(bytes(leaf.leaf_hash) for leaf in leaves)
    waiting = set(Pending.objects.values_list("event_id", flat=True))
    placed = {leaf.event_id for leaf in leaves}
    assert not waiting & placed
    assert waiting | placed == set(Event.objects.values_list("pk", flat=True))


def assert_streams_in_order():
    seen = {}
    for event in indexed():
        assert event.stream_seq == seen.get(event.stream, 0) + 1, event
        seen[event.stream] = event.stream_seq


def test_the_tree_begins_empty():
    tree = Tree.objects.get()
    assert (tree.size, tree.incarnation, tree.origin) == (0, 1, "")
    assert bytes(tree.root) == EMPTY_ROOT
    assert sequence() == 0
    assert Tree.objects.get().origin == ORIGIN


def test_what_was_recorded_before_there_was_a_sequencer_is_put_in_by_id():
    write("thing/1", 3)
    write("thing/2", 2)
    write("thing/1", 2)
    assert sequence() == 7
    assert [event.pk for event in indexed()] == sorted(event.pk for event in indexed())
    assert [bytes(e.leaf_hash) for e in indexed()] == [
        bytes(leaf.leaf_hash) for leaf in Leaf.objects.order_by("idx")
    ]
    assert_whole()


def test_a_backlog_drains_in_bounded_batches():
    write(times=1000)
    with connected("sequencer") as connection:
        assert [take_batch(connection, 300) for _ in range(5)] == [300, 300, 300, 100, 0]
    assert_whole()
    assert_streams_in_order()


def test_a_batch_that_finds_nothing_changes_nothing():
    write()
    sequence()
    before = Tree.objects.values().get()
    with connected("sequencer") as connection:
        assert not something_waits(connection)
        assert take_batch(connection) == 0
    assert Tree.objects.values().get() == before


def test_one_sequencer_leads_by_the_row_s_lock():
    write()
    with connected("sequencer") as first, connected("sequencer") as second, first.transaction():
        first.execute("SELECT FROM audit_tree FOR UPDATE")
        with pytest.raises(AnotherLeads):
            take_batch(second)
        assert something_waits(second)
    assert sequence() == 1


def test_nobody_else_can_take_the_lead():
    for role in ("app", "signer"):
        with connected(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT FROM audit_tree FOR UPDATE")


def test_a_transaction_that_commits_late_is_not_passed_over():
    with connected("app") as late, late.transaction():
        insert(late, "thing/1")
        write("thing/2")
        assert sequence() == 1
    assert sequence() == 1
    first, second = indexed()
    assert first.pk > second.pk
    assert_whole()


_WAITING = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@contextmanager
def held_back(stream):
    """Another transaction that has drawn an event's id and not yet its number in the stream."""
    statement = (
        "INSERT INTO audit_event (stream, body) VALUES (%s, %s || pg_advisory_lock(7)::text)"
    )

    def write_late():
        with connected("app") as late:
            late.execute(statement, [stream, BODY.format(0)])

    with connected("app") as holder, ThreadPoolExecutor() as pool:
        holder.execute("SELECT pg_advisory_lock(7)")
        done = pool.submit(write_late)
        try:
            wait_for(lambda: rows(_WAITING))
            yield
        finally:
            holder.execute("SELECT pg_advisory_unlock(7)")
            done.result()


def test_of_two_transactions_that_meet_in_a_stream_the_first_one_s_event_comes_first():
    with held_back("thing/1"):
        write("thing/2")
        write("thing/1")
        write("thing/3")
    assert sequence() == 4
    placed = [(event.stream, event.stream_seq) for event in indexed()]
    assert placed == [("thing/2", 1), ("thing/1", 1), ("thing/1", 2), ("thing/3", 1)]
    assert [event.pk for event in indexed()] != sorted(event.pk for event in indexed())
    assert_whole()


def test_a_batch_that_ends_between_the_two_leaves_the_second_for_the_next():
    with held_back("thing/1"):
        write("thing/2", 3)
        write("thing/1", 2)
        write("thing/3", 3)
    with connected("sequencer") as connection:
        assert take_batch(connection, 4) == 3  # thing/2; the late one waits for what it follows
        assert take_batch(connection, 5) == 5
        assert take_batch(connection, 5) == 1
    assert_streams_in_order()
    assert_whole()


def test_a_halted_log_takes_nothing_in_and_says_why():
    write()
    rows_before = Leaf.objects.count()
    with connected("signer") as signer:
        signer.execute("INSERT INTO audit_halt (said_by, reason) VALUES ('test', 'It rains.')")
    with pytest.raises(Halted, match="It rains"):
        sequence()
    assert Leaf.objects.count() == rows_before
    assert Pending.objects.exists()


def test_a_halted_sequencer_says_so_once_and_never_that_it_goes_on(caplog, monkeypatch):
    monkeypatch.setattr("audit.sequencer.run.TROUBLED_SECONDS", 0.01)
    write()
    with connected("signer") as signer:
        signer.execute("INSERT INTO audit_halt (said_by, reason) VALUES ('test', 'It rains.')")
    sequencer = Sequencer(url("sequencer"), ORIGIN)
    rounds = iter(range(5))
    monkeypatch.setattr(sequencer.stopping, "is_set", lambda: next(rounds, None) is None)
    sequencer.run()
    assert [record.getMessage() for record in caplog.records] == ["It rains."]


def test_a_tree_whose_row_contradicts_itself_halts_the_sequencer(superuser_does):
    write(times=3)
    sequence()
    superuser_does("UPDATE audit_tree SET frontier = '{}'")
    write()
    with pytest.raises(Halted, match="of size 3 has no frontier of 0 hashes"):
        sequence()


DEEDS = [
    "UPDATE audit_leaf SET leaf_hash = 'x'",
    "DELETE FROM audit_leaf",
    "TRUNCATE audit_leaf",
    "DELETE FROM audit_tree",
    "UPDATE audit_tree SET size = 0",
    "UPDATE audit_tree SET origin = 'other.example'",
    "UPDATE audit_tree SET incarnation = 2",
    "INSERT INTO audit_tree (id, origin, incarnation, size, frontier, root) VALUES (2, '', 1, 0, '{}', '')",
    "INSERT INTO audit_leaf (idx, event_id, leaf_hash) VALUES (0, 1, 'x')",
    "INSERT INTO audit_checkpoint (origin, size, root, note) VALUES ('', 9, 'x', 'x')",
    "DELETE FROM audit_halt",
    "DELETE FROM audit_event",
    "DELETE FROM audit_checkpoint",
    "UPDATE audit_checkpoint SET size = 1",
    "TRUNCATE audit_quorum",
    "INSERT INTO audit_pending VALUES (1)",
]
MAY = {
    "app": set(),
    "sequencer": set(),
    "signer": {"INSERT INTO audit_checkpoint"},  # what it is there for
    # What the doctor sees, and what recovery needs.
    "owner": {
        "INSERT INTO audit_checkpoint",
        "INSERT INTO audit_pending",
        "DELETE FROM audit_halt",
    },
}


@pytest.mark.parametrize("role", MAY)
def test_the_tree_cannot_be_bent(role):
    write()
    sequence()
    for deed in DEEDS:
        if any(deed.startswith(allowed) for allowed in MAY[role]):
            continue
        with connected(role) as connection, pytest.raises(psycopg.Error):
            connection.execute(deed)
    assert_whole()
