"""Checks: what the records say about one rule, over a period. The tables live above this app.

A check is a SELECT whose rows are the cases that the rule is about, each with whether it holds. Counting
them is the status, those that do not hold are the exceptions, and the rows go as they are into a pack.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string

PARAMETERS: Final = ("projects", "environment", "since", "until")
"""What the SQL may name: slugs or NULL for all, a name or NULL, and two times (each may be NULL)."""

COLUMNS: Final = ("about", "id", "label", "at", "holds", "why", "cases")
"""Of every check: type, key and label of the thing, when, whether it holds, why not, how many cases it is."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One rule.

    Attributes:
        name: under which catalogues name it.
        title: the rule, as a sentence without its full stop.
        cases: what is counted, in the plural.
        source: tables that it reads.
        needs: the shared parts of its source that the SQL reads from.
        sql: a SELECT of COLUMNS.
        of_portal: whether it is about the whole portal, whichever project is asked about. Whom its
            exceptions concern is then only told to those who read the whole log.
    """

    name: str
    title: str
    cases: str
    source: Sequence[str]
    sql: str
    needs: Sequence[str] = ()
    of_portal: bool = False


@dataclass(frozen=True, kw_only=True)
class CheckSource:
    """What an app can show.

    Attributes:
        checks: its checks.
        shared: SQL that several of them read from, by name; a later one may read from an earlier one.
    """

    checks: Sequence[Check]
    shared: Mapping[str, str] = field(default_factory=dict)


@cache
def sources() -> tuple[CheckSource, ...]:
    """Return what the apps that settings.AUDIT_CHECKS names can show."""
    return tuple(import_string(path) for path in settings.AUDIT_CHECKS)


@cache
def all_checks() -> Mapping[str, Check]:
    """Return every check by its name."""
    return {check.name: check for source in sources() for check in source.checks}


def shared_parts(checks: Sequence[Check]) -> list[str]:
    """Return the common table expressions that these checks read from."""
    wanted = {part for check in checks for part in check.needs}
    return [
        f"{name} AS MATERIALIZED ({sql})"
        for source in sources()
        for name, sql in source.shared.items()
        if name in wanted
    ]


def rows_of(check: Check) -> str:
    """Return the check's whole SQL: each of its cases, in the order of their times."""
    parts = shared_parts([check])
    before = f"WITH {', '.join(parts)}\n" if parts else ""
    return f'{before}SELECT {", ".join(COLUMNS)} FROM ({check.sql}) c ORDER BY at, id COLLATE "C"'
