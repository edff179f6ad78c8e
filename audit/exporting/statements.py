"""What PostgreSQL writes: each line is finished when it leaves the database."""

import re
from typing import Final

from audit.packs.csv_text import BLANKS, FORMULAS

# Canonical JSON escapes control characters, so none of these two is ever inside a line.
_AS_IT_IS: Final = r"FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01'"
_AS_CSV: Final = "FORMAT csv"

_LINE: Final = """
'{"entry":' || convert_from(e.entry, 'UTF8') || ',"index":' || l.idx || ',"leaf_hash":"'
    || encode(l.leaf_hash, 'hex') || '"}'
"""
_CELLS: Final = {
    "leaf_index": "l.idx",
    "event": "e.uid",
    # As the entry says it: {"at":"2026-11-20T12:00:00.123456Z", … Writing it anew takes four times as long.
    "at": "encode(substring(e.entry FROM 8 FOR 27), 'escape')",
    "stream": "e.stream",
    "number": "e.stream_seq",
    "type": "e.type",
    "outcome": "e.facts ->> 'outcome'",
    "actor": "e.actor",
    "actor_kind": "e.facts #>> '{actor,kind}'",
    "project": "e.project",
    "object_type": "e.facts #>> '{object,type}'",
    "object_id": "e.facts #>> '{object,id}'",
    "object": "e.facts #>> '{object,label}'",
    "channel": "e.facts #>> '{source,channel}'",
    "db_user": "e.db_user",
    "leaf_hash": "encode(l.leaf_hash, 'hex')",
}
COLUMNS: Final = tuple(_CELLS)
_MADE_HERE: Final = frozenset({"leaf_index", "event", "at", "number", "leaf_hash"})
"""Numbers, times and hashes: nobody can have written a formula there."""

_MARK: Final = "'"
_LETTERS: Final = (ord("A"), ord("~"))
"""Nothing suspect stands between them: most cells need one look."""
_DECIDED: Final = ", ".join(str(ord(character)) for character in f"{FORMULAS}\t\r\n")
_DEPENDS: Final = ", ".join(str(ord(character)) for character in f"{_MARK} \u00a0")
_FORMULA: Final = rf"^'*([{BLANKS}]*[{re.escape(FORMULAS)}]|[\t\r\n])".replace("'", "''")

PREPARE: Final = "SET LOCAL enable_nestloop = off; SET LOCAL enable_indexscan = off"
"""Neighbours among leaves are neighbours among events: one run over their pages instead of 5,000 look-ups."""

BOUNDS: Final = """
SELECT min(event_id), max(event_id) FROM audit_leaf WHERE idx >= %(first)s AND idx < %(last)s
"""
"""Between which ids the events of a range of leaves are; nothing for no leaves."""

# A range of leaves at a time: putting them in order takes little memory, and so does what comes back.
_OF_A_RANGE: Final = """
    FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id
    WHERE l.idx >= %(first)s AND l.idx < %(last)s AND e.id BETWEEN %(lowest)s AND %(highest)s
      AND (%(projects)s::text[] IS NULL OR e.project = ANY(%(projects)s))
      AND (%(type)s::text IS NULL OR e.type = %(type)s)
      AND (%(since)s::timestamptz IS NULL OR e.recorded_at >= %(since)s)
      AND (%(until)s::timestamptz IS NULL OR e.recorded_at < %(until)s)
    ORDER BY l.idx
"""


def _guarded(name: str) -> str:
    """Return the cell as ``audit.packs.csv_text`` writes it: no spreadsheet takes it for a formula."""
    if name in _MADE_HERE:
        return name
    first, last = _LETTERS
    return (
        f"CASE WHEN ascii({name}) BETWEEN {first} AND {last} THEN {name}"
        f" WHEN ascii({name}) IN ({_DECIDED}) OR (ascii({name}) IN ({_DEPENDS}) AND {name} ~ '{_FORMULA}')"
        f" THEN chr({ord(_MARK)}) || {name} ELSE {name} END"
    )


_NAMED: Final = ", ".join(f"{value} AS {name}" for name, value in _CELLS.items())
_GUARDED: Final = ", ".join(map(_guarded, COLUMNS))

JSON_LINES: Final = f"COPY (SELECT {_LINE} {_OF_A_RANGE}) TO STDOUT ({_AS_IT_IS})"
# With its offset the inner query stays one, and each cell is read out of the facts once.
TABLE: Final = (
    f"COPY (SELECT {_GUARDED} FROM (SELECT {_NAMED} {_OF_A_RANGE} OFFSET 0) AS cell)"  # noqa: S608 -- constants
    f" TO STDOUT ({_AS_CSV})"
)
