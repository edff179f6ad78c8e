"""The lists that auditors draw from. The tables live above this app; it reads them by the SQL that they name.

A list and its statement of completeness come from one SQL text that is printed in the pack: whoever doubts
a list can read how it was drawn, and draw it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string

PARAMETERS: Final = ("project", "projects", "environment", "numbers", "since", "until", "size")
"""What the SQL may name: slug, the same as text[], name, bigint[], two times (each may be NULL), and the
checkpoint's size."""


@dataclass(frozen=True)
class Population:
    """One list.

    Attributes:
        name: its file is ``population/<name>.csv``.
        title: for people.
        source: tables that it is drawn from.
        sql: a SELECT in the order of the list; its columns are the file's.
        columns: what those mean whose meaning is not that of the pack's other lists.
    """

    name: str
    title: str
    source: tuple[str, ...]
    sql: str
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reconciliation:
    """Two counts that must be the same: what the tables hold and what the log says.

    Attributes:
        check: a sentence's worth of what is compared.
        expected: a SELECT of one number, from the log.
        actual: a SELECT of one number, from the tables.
    """

    check: str
    expected: str
    actual: str


@dataclass(frozen=True)
class PopulationSource:
    """What an app adds to packs.

    Attributes:
        populations: its lists.
        reconciliations: its comparisons.
        streams: a SELECT of (change request number, stream, whether a sample shows it): the streams
            that belong to the changes in scope and go into the pack whole. Empty for none.
        columns: what the columns of its lists mean, by name, in a sentence without its full stop.
    """

    populations: Sequence[Population] = ()
    reconciliations: Sequence[Reconciliation] = ()
    streams: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


def sources() -> list[PopulationSource]:
    """Return what the apps that settings.AUDIT_POPULATIONS names add."""
    return [import_string(path) for path in settings.AUDIT_POPULATIONS]


def meanings() -> dict[str, str]:
    """Return what columns mean, by name: those of every app."""
    return {name: meaning for source in sources() for name, meaning in source.columns.items()}
