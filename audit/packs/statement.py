"""The statement of completeness: how each file was drawn, how many rows it has, what was counted twice.

Auditors call it IPE: information produced by the entity. The counts come from one snapshot.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from audit.packs.csv_text import document, line
from audit.packs.population import PARAMETERS, Population, PopulationSource, meanings
from audit.packs.samples import TIMELINE
from audit.packs.scope import Scope
from audit.packs.snapshot import Snapshot
from audit.packs.zip_file import Archive
from audit.times import in_utc

VERSION: Final = "gatehouse.ipe/v1"
_CHUNK: Final = 500
_COMPARED: Final = ("check", "expected", "actual", "result")
_COLUMNS: Final = ("file", "place", "column", "meaning")


@dataclass(frozen=True)
class Listed:
    """A file of rows in the pack; ``columns`` are their names and what each of them means."""

    path: str
    title: str
    rows: int
    source: Sequence[str]
    sql: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """As the statement says it."""
        return {
            "path": self.path,
            "title": self.title,
            "rows": self.rows,
            "source": list(self.source),
            "sql": " ".join(self.sql.split()),
            "columns": [
                {"name": name, "meaning": meaning} for name, meaning in self.columns.items()
            ],
        }


@dataclass(frozen=True)
class Compared:
    """Two counts."""

    check: str
    expected: int
    actual: int

    @property
    def result(self) -> str:
        """``equal`` or ``different``."""
        return "equal" if self.expected == self.actual else "different"

    @property
    def document(self) -> dict[str, Any]:
        """As the statement says it."""
        return {
            "check": self.check,
            "expected": self.expected,
            "actual": self.actual,
            "result": self.result,
        }


@dataclass
class Statement:
    """Collects what the pack's parts say about themselves."""

    files: list[Listed] = field(default_factory=list)
    compared: list[Compared] = field(default_factory=list)
    control: Mapping[str, Any] | None = None
    """What ``control.json`` says, if the pack is about a control."""
    _meanings: Mapping[str, str] = field(default_factory=meanings)

    def explained(
        self, columns: Iterable[str], own: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Return what columns mean, in their order; ``own`` before what every list calls so."""
        known = {**self._meanings, **(own or {})}
        return {name: known[name] for name in columns}

    def draw(
        self,
        archive: Archive,
        snapshot: Snapshot,
        population: Population,
        parameters: dict[str, Any],
    ) -> None:
        """Add a list, row by row."""
        path = f"population/{population.name}.csv"
        number = 0
        with (
            snapshot.streaming(population.sql, parameters) as (columns, rows),
            archive.adding(path) as out,
        ):
            out.write(line(columns).encode())
            some: list[str] = []
            for row in rows:
                some.append(line(row))
                number += 1
                if len(some) == _CHUNK:
                    out.write("".join(some).encode())
                    some.clear()
            out.write("".join(some).encode())
        self.files.append(
            Listed(
                path,
                population.title,
                number,
                population.source,
                population.sql,
                self.explained(columns, population.columns),
            )
        )

    def compare(
        self, snapshot: Snapshot, sources: Sequence[PopulationSource], parameters: dict[str, Any]
    ) -> None:
        """Count on both sides."""
        for source in sources:
            for each in source.reconciliations:
                expected = int(snapshot.one(each.expected, parameters))
                actual = int(snapshot.one(each.actual, parameters))
                self.compared.append(Compared(each.check, expected, actual))

    @property
    def told(self) -> list[Listed]:
        """The files as they are told to people: the lists before the events in their formats."""
        return sorted(self.files, key=lambda each: not each.path.startswith("population/"))

    @property
    def exceptions(self) -> list[Compared]:
        """The counts that differ."""
        return [each for each in self.compared if each.result != "equal"]

    def add_to(self, archive: Archive, about: dict[str, Any], scope: Scope) -> None:
        """Add the statement and its comparisons as a table."""
        rows = [(each.check, each.expected, each.actual, each.result) for each in self.compared]
        self._add_table(archive, "reconciliation", "What was counted twice", _COMPARED, rows)
        tables = {each.path: each.columns for each in self.files}
        tables["population/columns.csv"] = self.explained(_COLUMNS)
        tables["samples/*/timeline.csv"] = self.explained(TIMELINE)
        told = [
            (path, number, name, meaning)
            for path in sorted(tables)
            for number, (name, meaning) in enumerate(tables[path].items(), 1)
        ]
        self._add_table(archive, "columns", "What each column of each table means", _COLUMNS, told)
        values = {name: _value(scope.parameters.get(name)) for name in PARAMETERS if name != "size"}
        whole = {
            "statement": VERSION,
            **about,
            "parameters": {**values, "size": about["log"]["size"]},
            "files": [each.document for each in sorted(self.files, key=lambda each: each.path)],
            "reconciliation": [each.document for each in self.compared],
        }
        option = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
        archive.add("ipe_statement.json", orjson.dumps(whole, option=option) + b"\n")

    def _add_table(
        self,
        archive: Archive,
        name: str,
        title: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
    ) -> None:
        path = f"population/{name}.csv"
        archive.add(path, document(columns, rows))
        self.files.append(Listed(path, title, len(rows), (), columns=self.explained(columns)))


def _value(value: Any) -> Any:
    return in_utc(value) if hasattr(value, "astimezone") else value
