"""What a check found."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, LiteralString

from django.db import connection


@dataclass(frozen=True)
class Finding:
    """One check's result: a sentence either way."""

    name: str
    ok: bool
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)


def judge(name: str, complaints: Sequence[str], *, good: str) -> Finding:
    """Return a finding that is good without complaints, and says all of them otherwise."""
    return Finding(name, not complaints, " ".join(complaints) if complaints else good)


def rows(
    statement: LiteralString, *parameters: str | int | list[str] | list[int]
) -> list[tuple[Any, ...]]:
    """Return what the database answers."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def value(statement: LiteralString, *parameters: str | int | list[str] | list[int]) -> Any:
    """Return the one value that the database answers."""
    return rows(statement, *parameters)[0][0]
