"""Export the log, or the part of it that somebody may read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import cycle
from typing import Any, Final

from django.db import transaction

from audit.audit_events import AuditEvent
from audit.exporting.statements import BOUNDS, COLUMNS, JSON_LINES, PREPARE, TABLE
from audit.itself import TheLog
from audit.models import Tree
from audit.packs.errors import PackNotAllowed
from audit.packs.snapshot import Snapshot, snapshot
from audit.reach import Reach, reach_of
from audit.record import record
from audit.times import in_utc

_LEAVES: Final = 5000
"""Of one statement."""


class Format(StrEnum):
    """How the entries are written."""

    JSON_LINES = "jsonl"
    """Each entry byte for byte, with its place in the log and its leaf hash."""
    TABLE = "csv"
    """RFC 4180, guarded against formulas."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked for.

    Attributes:
        project: slug of the only project; None is everything that the account may read.
        type: of the only events.
        since: beginning of the time, included.
        until: its end, not included.
        after: the leaf index of the last entry that one has.
    """

    format: Format = Format.JSON_LINES
    project: str | None = None
    type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: int = -1


def export(wanted: Wanted, *, by: Any) -> Iterator[bytes]:
    """Return the lines of all sealed entries that are asked for, in the order of the log, in pieces.

    That it was asked for is an event before the first piece is out. All pieces are of one snapshot, which
    two connections read; the memory that they take does not grow with the log.

    Raises:
        PackNotAllowed: the account may not read them.
    """
    projects = _projects(wanted.project, reach_of(by))
    size = _told(wanted, by)
    return _pieces(wanted, projects, size)


@transaction.atomic(durable=True)
def _told(wanted: Wanted, by: Any) -> int:
    size = Tree.objects.values_list("size", flat=True).get()
    record(
        AuditEvent.EXPORTED,
        subject=TheLog(wanted.project),
        by=by,
        format=str(wanted.format),
        size=size,
        asked={
            "project": wanted.project,
            "type": wanted.type,
            "since": wanted.since and in_utc(wanted.since),
            "until": wanted.until and in_utc(wanted.until),
            "after": wanted.after,
        },
    )
    return size


def _projects(project: str | None, reach: Reach) -> list[str] | None:
    if project is not None and reach.includes(project):
        return [project]
    if project is None and reach.whole:
        return None
    if project is None and reach.projects:
        return list(reach.projects)
    raise PackNotAllowed(
        "You may not read that part of the audit log. A role with the permission 'view_audit' in the "
        "project would allow it; the project's administrators give roles."
    )


def _pieces(wanted: Wanted, projects: list[str] | None, size: int) -> Iterator[bytes]:
    if wanted.format == Format.TABLE:
        yield (",".join(COLUMNS) + "\r\n").encode()
    for rows in filter(None, _ranges(wanted, projects, size)):
        yield _piece(wanted.format, rows)


def _ranges(wanted: Wanted, projects: list[str] | None, size: int) -> Iterator[list[bytes]]:
    """Yield the rows of each range of leaves, while PostgreSQL writes those of the next two."""
    with snapshot() as one, snapshot(one) as other:
        for reader in (one, other):
            reader.connection.execute(PREPARE)
        turns = cycle((one, other))
        for first, reader in zip(range(wanted.after + 1, size, _LEAVES), turns, strict=False):
            rows = reader.copied()
            _ask(reader, wanted, projects, range(first, min(first + _LEAVES, size)))
            yield rows
        yield next(turns).copied()
        yield next(turns).copied()


def _ask(reader: Snapshot, wanted: Wanted, projects: list[str] | None, leaves: range) -> None:
    parameters = {
        "first": leaves.start,
        "last": leaves.stop,
        "projects": projects,
        "type": wanted.type,
        "since": wanted.since,
        "until": wanted.until,
    }
    [(lowest, highest)] = reader.all(BOUNDS, parameters)
    if lowest is not None:
        statement = TABLE if wanted.format == Format.TABLE else JSON_LINES
        reader.ask_for_copy(statement, {**parameters, "lowest": lowest, "highest": highest})


def _piece(form: Format, rows: Sequence[bytes]) -> bytes:
    piece = b"".join(rows)
    if form == Format.JSON_LINES:
        return piece
    # RFC 4180's line ends; one within a cell stays as it is.
    if piece.count(b"\n") == len(rows):
        return piece.replace(b"\n", b"\r\n")
    return b"".join(row[:-1] + b"\r\n" for row in rows)
