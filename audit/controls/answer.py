"""How checks and controls stand: one statement for any number of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import orjson
from django.db import connection, transaction

from audit.controls.catalogue import Control
from audit.controls.check import Check, shared_parts
from audit.controls.question import Question

SHOWN: Final = 5
"""Exceptions of a check that an overview carries."""
MOST_SHOWN: Final = 200
"""And its own page at most; a pack has all of them."""


class Standing(StrEnum):
    """What the records say of a control. It is never a judgement of the control itself."""

    MET = "met"
    EXCEPTIONS = "exceptions"
    NOTHING = "nothing"
    """There was no case yet."""
    NOT_COVERED = "not_covered"
    """Gatehouse has no records of it."""


@dataclass(frozen=True, kw_only=True)
class Departure:
    """A case in which the rule does not hold.

    Attributes:
        about: the type of what it is about, as in the log.
        id: its key.
        label: its name for people.
        at: when, ISO 8601 in UTC; empty when it is of no time.
        why: in a sentence.
    """

    about: str
    id: str
    label: str
    at: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a check found.

    Attributes:
        cases: how many there were.
        exceptions: in how many of them the rule does not hold.
        shown: some of those, the newest first; none when the reader may not read whom they concern.
        withheld: whether that is so.
    """

    check: Check
    cases: int
    exceptions: int
    shown: Sequence[Departure] = ()
    withheld: bool = False

    @property
    def standing(self) -> Standing:
        """Its state."""
        if self.exceptions:
            return Standing.EXCEPTIONS
        return Standing.MET if self.cases else Standing.NOTHING


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How a control stands."""

    control: Control
    results: Sequence[Result]

    @property
    def standing(self) -> Standing:
        """Exceptions outweigh everything; what was not seen yet is not met."""
        states = {result.standing for result in self.results}
        if not states:
            return Standing.NOT_COVERED
        if Standing.EXCEPTIONS in states:
            return Standing.EXCEPTIONS
        return Standing.MET if Standing.MET in states else Standing.NOTHING

    @property
    def cases(self) -> int:
        """How many cases its checks looked at."""
        return sum(result.cases for result in self.results)

    @property
    def exceptions(self) -> int:
        """How many of them are exceptions."""
        return sum(result.exceptions for result in self.results)


def answers(
    controls: Iterable[Control], asked: Question, *, whole: bool, shown: int = SHOWN
) -> list[Answer]:
    """Return how the controls stand, in their order; one query, whatever they are.

    Args:
        controls: which.
        asked: about what.
        whole: whether the reader may read the whole log.
        shown: how many exceptions of each check are told of.
    """
    wanted = list(controls)
    checks = {check.name: check for control in wanted for check in control.checks}
    found = results(list(checks.values()), asked, whole=whole, shown=shown)
    return [
        Answer(control=control, results=[found[check.name] for check in control.checks])
        for control in wanted
    ]


def results(
    checks: Sequence[Check], asked: Question, *, whole: bool, shown: int = SHOWN
) -> Mapping[str, Result]:
    """Return what the checks found, by their names."""
    if not checks:
        return {}
    with transaction.atomic(), connection.cursor() as cursor:
        # Short statements gain nothing from compiled code, and this one is many short ones.
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(statement_for(checks), {**asked.parameters, "shown": shown})
        rows = cursor.fetchall()
    return results_of(checks, rows, whole=whole)


def results_of(
    checks: Sequence[Check], rows: Iterable[Sequence[Any]], *, whole: bool
) -> dict[str, Result]:
    """Return what the rows of ``statement_for(checks)`` say."""
    return {
        checks[which].name: _result(checks[which], cases, exceptions, listed, whole=whole)
        for which, cases, exceptions, listed in rows
    }


def statement_for(checks: Sequence[Check]) -> str:
    """Return one statement that counts them all: the check's place, cases, exceptions, and some of these."""
    cases = [f"cases_{n} AS MATERIALIZED ({check.sql})" for n, check in enumerate(checks)]
    counts = [_COUNT.format(n=n) for n in range(len(checks))]
    return f"WITH {', '.join([*shared_parts(checks), *cases])}\n{' UNION ALL '.join(counts)}"


_COUNT: Final = """
SELECT {n}, coalesce(sum(cases), 0)::bigint, coalesce(sum(cases) FILTER (WHERE NOT holds), 0)::bigint,
    (SELECT coalesce(json_agg(e), '[]') FROM (
        SELECT about, id, label, coalesce(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '')
            AS at, why
        FROM cases_{n} WHERE NOT holds ORDER BY cases_{n}.at DESC NULLS LAST, id LIMIT %(shown)s) e)::text
FROM cases_{n}
"""


def _result(check: Check, cases: int, exceptions: int, listed: Any, *, whole: bool) -> Result:
    withheld = check.of_portal and not whole and exceptions > 0
    told = [] if withheld else [Departure(**each) for each in orjson.loads(listed)]
    return Result(check=check, cases=cases, exceptions=exceptions, shown=told, withheld=withheld)
