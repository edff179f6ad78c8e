"""A superuser of PostgreSQL can change everything in it; the verification shows what was changed."""

# ruff: noqa: S608 -- the statements are this file's own

import hashlib

import pytest

from audit.tlog.merkle import Frontier
from tests.audit.sealing import tamper
from tests.support.log import connected, rows

pytestmark = pytest.mark.django_db(transaction=True)

AT_7 = "(SELECT event_id FROM audit_leaf WHERE idx = 7)"
FORGED = "convert_to(replace(convert_from(entry, 'UTF8'), 'usr_1', 'usr_2'), 'UTF8')"
REHASH = "UPDATE audit_event SET leaf_hash = sha256('\\x00'::bytea || entry)"
RELEAF = (
    "UPDATE audit_leaf l SET leaf_hash = e.leaf_hash FROM audit_event e WHERE e.id = l.event_id"
)
FACTS = (
    "UPDATE audit_event SET facts = convert_from(entry, 'UTF8')::jsonb -> 'body',"
    " actor = convert_from(entry, 'UTF8')::jsonb #>> '{body,actor,id}'"
)
ENTRY = f"UPDATE audit_event SET entry = {FORGED} WHERE id = {AT_7}"

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


def forge_the_whole_tree():
    """Change one entry and make everything in the database agree with it."""
    tamper(ENTRY, REHASH, FACTS, RELEAF)
    leaves = rows("SELECT leaf_hash FROM audit_leaf ORDER BY idx")
    frontier = Frontier()
    frontier.extend(bytes(leaf) for (leaf,) in leaves)
    hashes = ", ".join(f"'\\x{each.hex()}'" for each in frontier.hashes)
    tamper(
        f"UPDATE audit_tree SET root = '\\x{frontier.root().hex()}',"
        f" frontier = ARRAY[{hashes}]::bytea[]"
    )


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
    leaves = [bytes(leaf) for (leaf,) in rows("SELECT leaf_hash FROM audit_leaf ORDER BY idx")]
    frontier = Frontier()
    frontier.extend(leaves[:12])
    hashes = ", ".join(f"'\\x{each.hex()}'" for each in frontier.hashes)
    tamper(
        "DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_leaf WHERE idx >= 12)",
        "DELETE FROM audit_leaf WHERE idx >= 12",
        "DELETE FROM audit_stream WHERE stream = 'thing/2'",
        "DELETE FROM audit_checkpoint WHERE size > 12",
        f"UPDATE audit_tree SET size = 12, root = '\\x{frontier.root().hex()}',"
        f" frontier = ARRAY[{hashes}]::bytea[]",
    )
    assert "20 entries are published, and the tree has 12" in findings()


def test_a_superuser_who_keeps_an_event_from_the_sequencer_is_found(log, findings):
    from tests.support.log import write  # noqa: PLC0415 -- only here

    write("thing/1", 1)
    with connected("postgres") as superuser:
        superuser.execute("DELETE FROM audit_pending")
    assert "1 events are neither sealed nor wait for it" in findings()


def test_the_leaf_hash_is_that_of_rfc_6962(log):
    for entry, leaf in rows("SELECT entry, leaf_hash FROM audit_event"):
        assert hashlib.sha256(b"\x00" + bytes(entry)).digest() == bytes(leaf)
