"""Long lists by one statement each: the database picks the page and writes the documents, no object a row."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from rest_framework.exceptions import ValidationError

from catalog.statement import rows_of

Fetch = Callable[[str, int | None, int], list[tuple[int, str]]]
"""(towards "a"fter or "b"efore, the key to start from, how many) → (key, JSON) in that order."""

UTC = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
"""A time as the API writes it."""


def checked(form: forms.Form) -> dict[str, Any]:
    """Return the filters that are given.

    Raises:
        ValidationError: one holds what it cannot hold.
    """
    if not form.is_valid():
        told: Any = form.errors
        raise ValidationError(told)
    return {name: value for name, value in form.cleaned_data.items() if value not in ("", None, [])}


@dataclass(frozen=True)
class Listing:
    """A list, as parts of SQL; all of it constants of the code, never of a request.

    Attributes:
        key: the column that orders it, newest last, such as ``cr.number``.
        source: the table with its alias.
        document: an expression that makes a row's document.
        joins: what the document needs beside the table.
        conditions: filter → condition with a parameter of that name.
    """

    key: str
    source: str
    document: str
    joins: str
    conditions: Mapping[str, str]

    def fetch(self, always: Iterable[str], parameters: Mapping[str, Any]) -> Fetch:
        """Return how to get rows that meet ``always`` and every filter that has a parameter."""
        wanted = [*always, *(sql for name, sql in self.conditions.items() if name in parameters)]

        def rows(towards: str, start: int | None, limit: int) -> list[tuple[int, str]]:
            keyset = (
                [] if start is None else [f"{self.key} {'>' if towards == 'a' else '<'} %(start)s"]
            )
            order = "ASC" if towards == "a" else "DESC"
            statement = self._statement([*wanted, *keyset], order, limit)
            found = rows_of(statement, {**parameters, "start": start})
            return [(int(key), str(document)) for key, document in found]

        return rows

    def _statement(self, conditions: list[str], order: str, limit: int) -> str:
        # The page is picked before anything is joined to it: the cost does not grow with the table.
        # The limit is no parameter: a plan that has to be good for any limit is never taken, and to plan
        # anew takes five times as long as to answer.
        return f"""
            WITH page AS MATERIALIZED (
                SELECT {self.key} AS key FROM {self.source}
                WHERE {" AND ".join(conditions) or "TRUE"}
                ORDER BY {self.key} {order} LIMIT {limit:d}
            )
            SELECT page.key, ({self.document})::text
            FROM page JOIN {self.source} ON {self.key} = page.key {self.joins}
            ORDER BY page.key {order}
        """  # noqa: S608 -- composed of constants; what a request says is a parameter
