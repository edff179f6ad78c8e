"""Whether the tree is what its leaves make it, and what is signed lies within it."""

from collections.abc import Iterator

from django.db import connection

from audit.doctor.finding import Finding, judge, rows, value
from audit.tlog.merkle import Frontier

_CHUNK = 20_000
_LAST = "SELECT size, root FROM audit_checkpoint WHERE origin = %s ORDER BY size DESC LIMIT 1"


def check_tree() -> Finding:
    """The leaves are dense, and their hashes are the events' and lead to the root."""
    ((size, root, frontier),) = rows("SELECT size, root, frontier FROM audit_tree")
    complaints = []
    ((leaves, first, last),) = rows("SELECT count(*), min(idx), max(idx) FROM audit_leaf")
    if (leaves, first, last) != (size, 0 if size else None, size - 1 if size else None):
        complaints.append(
            f"The tree says that it has {size} leaves, and there are {leaves}, from {first} to {last}."
        )
    if differing := value(_DIFFERING):
        complaints.append(f"{differing} leaves have another hash than their event.")
    computed = Frontier()
    computed.extend(_leaf_hashes())
    if computed.root() != bytes(root) or computed.hashes != [bytes(each) for each in frontier]:
        complaints.append("The leaves do not lead to the root that the tree says.")
    return judge(
        "tree", complaints, good=f"The {size} leaves are dense and lead to the tree's root."
    )


_DIFFERING = """
SELECT count(*) FROM audit_leaf l LEFT JOIN audit_event e ON e.id = l.event_id
WHERE e.leaf_hash IS DISTINCT FROM l.leaf_hash
"""


def _leaf_hashes() -> Iterator[bytes]:
    with connection.chunked_cursor() as cursor:
        cursor.execute("SELECT leaf_hash FROM audit_leaf ORDER BY idx")
        while found := cursor.fetchmany(_CHUNK):
            for (leaf,) in found:
                yield bytes(leaf)


def check_sealing() -> Finding:
    """Nothing keeps events from the tree, and no checkpoint is ahead of it."""
    ((origin, size, root),) = rows("SELECT origin, size, root FROM audit_tree")
    complaints = [reason for (reason,) in rows("SELECT reason FROM audit_halt ORDER BY id")]
    signed = 0
    for signed_size, signed_root in rows(_LAST, origin):
        signed = signed_size
        if signed > size:
            complaints.append(
                f"A checkpoint of {signed} entries is signed, and the tree has {size}."
            )
        elif signed == size and bytes(signed_root) != bytes(root):
            complaints.append(f"The signed root of {signed} entries is not the tree's.")
    good = f"The checkpoint over {signed} of {size} entries is the newest."
    return judge("sealing", complaints, good=good)
