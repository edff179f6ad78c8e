"""A superuser of PostgreSQL can change everything in it; the verification shows what was changed."""

# ruff: noqa: S608 -- the statements are this file's own

import hashlib

import pytest

from tests.audit.attacks.forgery import (
    AT_7,
    ENTRY,
    FACTS,
    REHASH,
    RELEAF,
    cut_back,
    forge_the_whole_tree,
)
from tests.audit.sealing import tamper
from tests.support.log import connected, rows, write

pytestmark = pytest.mark.django_db(transaction=True)

ATTACKS = {
    "changes an entry": ([ENTRY], "The entry of leaf 7 was changed"),
    "changes an entry and its columns": ([ENTRY, FACTS], "The entry of leaf 7 was changed"),
    "changes an entry and its hash": ([ENTRY, REHASH, FACTS], "The entry of leaf 7 was changed"),
    "changes an entry, its hash and its leaf": (
        [ENTRY, REHASH, FACTS, RELEAF],
        "do not lead to the root that was signed",
    ),
    "makes an entry unreadable": (
        [f"UPDATE audit_event SET entry = '\\xff' WHERE id = {AT_7}"],
        "The entry of leaf 7 was changed",
    ),
    "changes what the pages show": (
        [f'UPDATE audit_event SET facts = facts || \'{{"outcome": "x"}}\' WHERE id = {AT_7}'],
        "The columns beside the entry of leaf 7",
    ),
    "changes the actor": (
        [f"UPDATE audit_event SET actor = 'usr_2' WHERE id = {AT_7}"],
        "The columns beside the entry of leaf 7",
    ),
    "changes the kind": (
        [f"UPDATE audit_event SET type = 'other' WHERE id = {AT_7}"],
        "The columns beside the entry of leaf 7",
    ),
    "changes the project": (
        [f"UPDATE audit_event SET project = 'other' WHERE id = {AT_7}"],
        "The columns beside the entry of leaf 7",
    ),
    "changes the time": (
        [f"UPDATE audit_event SET recorded_at = recorded_at - interval '1 day' WHERE id = {AT_7}"],
        "The columns beside the entry of leaf 7",
    ),
    "changes the database user": (
        [f"UPDATE audit_event SET db_user = 'somebody' WHERE id = {AT_7}"],
        "The columns beside the entry of leaf 7",
    ),
    "moves an event to another stream": (
        [f"UPDATE audit_event SET stream = 'thing/3' WHERE id = {AT_7}"],
        "The columns beside the entry of leaf 7",
    ),
    "deletes an event": (
        [f"DELETE FROM audit_event WHERE id = {AT_7}"],
        "The event of leaf 7 is gone",
    ),
    "deletes an event and its leaf": (
        [
            f"DELETE FROM audit_event WHERE id = {AT_7}",
            "DELETE FROM audit_leaf WHERE idx = 7",
        ],
        "The leaves 7 to 7 are missing",
    ),
    "swaps two leaves": (
        [
            "UPDATE audit_leaf SET idx = idx + 100 WHERE idx IN (7, 8)",
            "UPDATE audit_leaf SET idx = 115 - idx WHERE idx IN (107, 108)",
        ],
        "do not lead to the root",
    ),
    "adds an event past the queue": (
        [
            (
                "INSERT INTO audit_event (uid, xid, recorded_at, db_user, stream, stream_seq, type, actor,"
                " facts, entry, leaf_hash) SELECT gen_random_uuid(), xid, recorded_at, db_user, 'x/1', 1,"
                f" type, actor, facts, entry, leaf_hash FROM audit_event WHERE id = {AT_7}"
            )
        ],
        "1 events are neither sealed nor wait",
    ),
    "adds a stranger to the queue": (
        ["INSERT INTO audit_pending VALUES (999999)"],
        "1 entries of the queue are no events",
    ),
    "sets a stream's counter": (
        ["UPDATE audit_stream SET last_seq = 99 WHERE stream = 'thing/1'"],
        "its counter says 99",
    ),
    "sets the tree's size": (["UPDATE audit_tree SET size = 19"], "The tree says that it has 19"),
    "sets the tree's root": (
        ["UPDATE audit_tree SET root = sha256('x')"],
        "do not lead to the root that the tree says",
    ),
    "sets the tree's frontier": (
        ["UPDATE audit_tree SET frontier[1] = sha256('x')"],
        "The frontier of the tree",
    ),
    "changes a checkpoint": (
        ["UPDATE audit_checkpoint SET note = replace(note, '20', '21')"],
        "The checkpoint of 20 entries:",
    ),
    "changes a checkpoint's row": (
        ["UPDATE audit_checkpoint SET root = sha256('x')"],
        "says something else than its row",
    ),
    "gives a cosignature to a checkpoint": (
        [
            (
                "INSERT INTO audit_cosignature (checkpoint_id, name, key_id, line, stated_at)"
                " SELECT id, 'w', 'x', 'no line', now() FROM audit_checkpoint"
            )
        ],
        "The cosignature of w on",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_superuser_who(log, findings, attack):
    assert findings() == ""
    statements, told = ATTACKS[attack]
    tamper(*statements)
    assert told in findings()


def test_a_superuser_who_rewrites_the_whole_tree_contradicts_the_checkpoints(log, findings):
    forge_the_whole_tree()
    assert "do not lead to the root that was signed" in findings()


def test_a_superuser_who_removes_the_checkpoints_too_contradicts_what_is_published(log, findings):
    forge_the_whole_tree()
    tamper("DELETE FROM audit_checkpoint")
    told = findings()
    assert "do not lead to the root that was published" in told
    assert "The published tile/0/000.p/20 differs from the database at leaf 7" in told
    assert "differs from the database at entry 7" in told


def test_a_superuser_who_cuts_the_log_back_contradicts_what_is_published(log, findings):
    cut_back(12)
    assert findings() == (
        "20 entries are published, and the tree has 12: the database was restored from an older state."
    )


def test_a_superuser_who_keeps_an_event_from_the_sequencer_is_found(log, findings):
    write("thing/1", 1)
    with connected("postgres") as superuser:
        superuser.execute("DELETE FROM audit_pending")
    assert "1 events are neither sealed nor wait for it" in findings()


def test_the_leaf_hash_is_that_of_rfc_6962(log):
    for entry, leaf in rows("SELECT entry, leaf_hash FROM audit_event"):
        assert hashlib.sha256(b"\x00" + bytes(entry)).digest() == bytes(leaf)


def test_a_superuser_who_sets_the_clock_back_is_found(log, findings):
    tamper(
        "UPDATE audit_event SET recorded_at = recorded_at - interval '1 day' WHERE stream_seq = 8"
    )
    assert "thing/1 #8 says an earlier time than the event before it" in findings()


def test_a_superuser_who_removes_an_event_before_it_is_sealed_is_found_by_the_gap(log, findings):
    write("thing/1", 1)
    tamper(
        "DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_pending)",
        "DELETE FROM audit_pending",
    )
    assert "its counter says 13" in findings()


def test_nothing_shows_an_event_that_a_superuser_removes_with_its_number_before_it_is_sealed(
    log, findings
):
    """The window of a second before sealing: only the row in the tables may still tell of it."""
    write("thing/1", 1)
    tamper(
        "DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_pending)",
        "DELETE FROM audit_pending",
        "UPDATE audit_stream SET last_seq = 12 WHERE stream = 'thing/1'",
    )
    assert findings() == ""
