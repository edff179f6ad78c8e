"""What PostgreSQL writes: each line is finished when it leaves the database."""

from typing import Final

# Canonical JSON escapes control characters, so none of these two is ever inside a line.
_AS_IT_IS: Final = r"FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01'"
_AS_CSV: Final = "FORMAT csv"

_LINE: Final = """
'{"entry":' || convert_from(e.entry, 'UTF8') || ',"index":' || l.idx || ',"leaf_hash":"'
    || encode(l.leaf_hash, 'hex') || '"}'
"""
COLUMNS: Final = (
    "leaf_index", "event", "at", "stream", "number", "type", "outcome", "actor", "actor_kind", "project",
    "object_type", "object_id", "object", "channel", "db_user", "leaf_hash",
)  # fmt: skip
_VALUES: Final = (
    "e.stream", "e.stream_seq", "e.type", "e.facts ->> 'outcome'", "e.actor", "e.facts #>> '{actor,kind}'",
    "e.project", "e.facts #>> '{object,type}'", "e.facts #>> '{object,id}'", "e.facts #>> '{object,label}'",
    "e.facts #>> '{source,channel}'", "e.db_user",
)  # fmt: skip
_NUMBERS: Final = {"e.stream_seq"}
_MARK: Final = "'"
_BEGINS_A_FORMULA: Final = ", ".join(str(ord(character)) for character in "=+-@\t\r")

# A range of leaves at a time: their order costs no sorting, and the memory is bounded on both sides.
_EXPORT: Final = """
COPY (
    SELECT {line} FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id
    WHERE l.idx >= %(first)s AND l.idx < %(last)s
      AND (%(projects)s::text[] IS NULL OR e.project = ANY(%(projects)s))
      AND (%(type)s::text IS NULL OR e.type = %(type)s)
      AND (%(since)s::timestamptz IS NULL OR e.recorded_at >= %(since)s)
      AND (%(until)s::timestamptz IS NULL OR e.recorded_at < %(until)s)
    ORDER BY l.idx
) TO STDOUT ({format})
"""


def _guarded(value: str) -> str:
    """Return the value as ``audit.packs.csv_text`` writes it: no spreadsheet takes it for a formula.

    Looks at the first character only, which nearly always says that there is nothing to guard against.
    """
    if value in _NUMBERS:
        return value
    return (
        f"CASE WHEN ascii({value}) IN ({_BEGINS_A_FORMULA}) OR (ascii({value}) = {ord(_MARK)}"
        f" AND {value} ~ E'^''+[=+\\\\-@\\t\\r]') THEN '''' || ({value}) ELSE {value} END"
    )


_CELLS: Final = ", ".join(
    [
        "l.idx",
        "e.uid",
        "to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
        *map(_guarded, _VALUES),
        "encode(l.leaf_hash, 'hex')",
    ]
)

JSON_LINES: Final = _EXPORT.format(line=_LINE, format=_AS_IT_IS)
TABLE: Final = _EXPORT.format(line=_CELLS, format=_AS_CSV)
