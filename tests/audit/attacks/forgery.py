"""What somebody can do who is a superuser of the database: change one entry, and make the rest agree."""

# ruff: noqa: S608 -- the statements are this file's own

from audit.tlog.merkle import Frontier
from tests.audit.sealing import tamper
from tests.support.log import rows

AT_7 = "(SELECT event_id FROM audit_leaf WHERE idx = 7)"
FORGED = "convert_to(replace(convert_from(entry, 'UTF8'), 'usr_1', 'usr_2'), 'UTF8')"
ENTRY = f"UPDATE audit_event SET entry = {FORGED} WHERE id = {AT_7}"
REHASH = "UPDATE audit_event SET leaf_hash = sha256('\\x00'::bytea || entry)"
RELEAF = (
    "UPDATE audit_leaf l SET leaf_hash = e.leaf_hash FROM audit_event e WHERE e.id = l.event_id"
)
FACTS = (
    "UPDATE audit_event SET facts = convert_from(entry, 'UTF8')::jsonb -> 'body',"
    " actor = convert_from(entry, 'UTF8')::jsonb #>> '{body,actor,id}'"
)


def set_the_tree(size=None):
    """Let the tree's row say what its leaves lead to."""
    leaves = [bytes(leaf) for (leaf,) in rows("SELECT leaf_hash FROM audit_leaf ORDER BY idx")]
    frontier = Frontier()
    frontier.extend(leaves[:size])
    hashes = ", ".join(f"'\\x{each.hex()}'" for each in frontier.hashes)
    tamper(
        f"UPDATE audit_tree SET size = {frontier.size}, root = '\\x{frontier.root().hex()}',"
        f" frontier = ARRAY[{hashes}]::bytea[]"
    )


def forge_the_whole_tree():
    """Change the entry of leaf 7 and make everything in the database agree with it."""
    tamper(ENTRY, REHASH, FACTS, RELEAF)
    set_the_tree()


def cut_back(size):
    """Remove every entry from that leaf on."""
    tamper(
        f"DELETE FROM audit_event WHERE id IN (SELECT event_id FROM audit_leaf WHERE idx >= {size})",
        f"DELETE FROM audit_leaf WHERE idx >= {size}",
        "UPDATE audit_stream s SET last_seq = (SELECT count(*) FROM audit_event e"
        " WHERE e.stream = s.stream)",
        "DELETE FROM audit_stream WHERE last_seq = 0",
        f"DELETE FROM audit_checkpoint WHERE size > {size}",
    )
    set_the_tree()
