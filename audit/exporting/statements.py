"""What PostgreSQL writes: each line is finished when it leaves the database."""

from typing import Final

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
    "at": "to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
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
_BEGINS_A_FORMULA: Final = ", ".join(str(ord(character)) for character in "=+-@\t\r")
_LAST_SUSPECT: Final = ord("@")
"""Neither the mark nor what begins a formula stands after it, and letters do: most cells need one look."""

# A range of leaves at a time: their order costs no sorting, and the memory is bounded on both sides.
_OF_A_RANGE: Final = """
    FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id
    WHERE l.idx >= %(first)s AND l.idx < %(last)s
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
    return (
        f"CASE WHEN ascii({name}) > {_LAST_SUSPECT} THEN {name}"
        f" WHEN ascii({name}) IN ({_BEGINS_A_FORMULA}) OR (ascii({name}) = {ord(_MARK)}"
        f" AND {name} ~ E'^''+[=+\\\\-@\\t\\r]') THEN '''' || {name} ELSE {name} END"
    )


_NAMED: Final = ", ".join(f"{value} AS {name}" for name, value in _CELLS.items())
_GUARDED: Final = ", ".join(map(_guarded, COLUMNS))

JSON_LINES: Final = f"COPY (SELECT {_LINE} {_OF_A_RANGE}) TO STDOUT ({_AS_IT_IS})"
# With its offset the inner query stays one, and each cell is read out of the facts once.
TABLE: Final = (
    f"COPY (SELECT {_GUARDED} FROM (SELECT {_NAMED} {_OF_A_RANGE} OFFSET 0) AS cell)"  # noqa: S608 -- constants
    f" TO STDOUT ({_AS_CSV})"
)
