"""The files that go over every entry in scope: the same events in four formats, written in one pass."""

from array import array
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from audit.packs.csv_text import line
from audit.packs.entries import Sealed, sealed_entries
from audit.packs.formats.in_toto import envelope, is_signature, statement_of
from audit.packs.formats.ocsf import ocsf
from audit.packs.signing_key import PackKey
from audit.packs.snapshot import Snapshot
from audit.packs.statement import Listed, Statement
from audit.packs.zip_file import Archive, MemberWriter
from audit.parts import part_of

_CHUNK: Final = 512
"""Lines that are written at once."""

_COLUMNS: Final = (
    "leaf_index", "event", "at", "stream", "number", "type", "outcome", "actor", "actor_kind", "project",
    "object_type", "object_id", "object", "channel", "db_user", "leaf_hash",
)  # fmt: skip

_SOURCE: Final = ("audit_event", "audit_leaf")


@dataclass
class _Lines:
    """One file that is being written."""

    out: MemberWriter
    waiting: list[bytes] = field(default_factory=list)
    rows: int = 0

    def add(self, data: bytes) -> None:
        self.waiting.append(data)
        self.rows += 1
        if len(self.waiting) >= _CHUNK:
            self.flush()

    def flush(self) -> None:
        self.out.write(b"".join(self.waiting))
        self.waiting.clear()


_TABLE: Final = "formats/events.csv"
_FILES: Final = {
    "formats/events.jsonl": "Every entry, byte for byte, with its place in the log",
    _TABLE: "The same events as a table",
    "formats/ocsf.jsonl": "The same events as OCSF",
    "formats/approvals.intoto.jsonl": "Signatures as in-toto statements",
}


@dataclass
class EventFiles:
    """Writes the entries in all formats. ``origin`` is the log's name."""

    key: PackKey
    origin: str
    _releases: dict[str, tuple[str, str]] = field(default_factory=dict)

    def add_to(
        self,
        archive: Archive,
        snapshot: Snapshot,
        indexes: "array[int]",
        statement: Statement,
        tick: Callable[[int], None],
    ) -> None:
        """Add the files."""
        with ExitStack() as stack:
            files = [_Lines(stack.enter_context(archive.adding(name))) for name in _FILES]
            files[1].out.write(line(_COLUMNS).encode())
            for number, sealed in enumerate(sealed_entries(snapshot, indexes), 1):
                self._write(sealed, files)
                if not number % _CHUNK:
                    tick(number)
            for each in files:
                each.flush()
        columns = statement.explained(_COLUMNS)
        statement.files += [
            Listed(name, title, each.rows, _SOURCE, columns=columns if name == _TABLE else {})
            for (name, title), each in zip(_FILES.items(), files, strict=True)
        ]

    def _write(self, sealed: Sealed, files: Sequence[_Lines]) -> None:
        whole, table, ocsf_lines, statements = files
        whole.add(sealed.line)
        table.add(line(_row(sealed)).encode())
        ocsf_lines.add(orjson.dumps(ocsf(sealed)) + b"\n")
        stream = sealed.entry["s"]
        if sealed.body["type"] == "releases.submitted":
            data = part_of(sealed.body, "data")
            name = f"{sealed.body.get('project')} {data.get('release')}"
            # What says so once more was recorded past the portal.
            self._releases.setdefault(stream, (name, str(data.get("content_digest"))))
        elif is_signature(sealed) and stream in self._releases:
            document = statement_of(sealed, self._releases[stream], self.origin)
            statements.add(envelope(document, self.key))


def _row(sealed: Sealed) -> Sequence[Any]:
    entry, body = sealed.entry, sealed.body
    thing = body.get("object") or {}
    return (
        sealed.index,
        sealed.uid,
        entry["at"],
        entry["s"],
        entry["seq"],
        body["type"],
        body.get("outcome"),
        body["actor"]["id"],
        body["actor"].get("kind"),
        body.get("project"),
        thing.get("type"),
        thing.get("id"),
        thing.get("label"),
        (body.get("source") or {}).get("channel"),
        entry["db"],
        sealed.leaf_hash,
    )
