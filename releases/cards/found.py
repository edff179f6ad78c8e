"""What an importer found in a document: the fields it took, and everything it left out."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from catalog.errors import InvalidInput
from releases.cards.content import Content, cleaned_field

MOST_LEFT: Final = 200
NO_FIELD: Final = "The card has no field for it."


@dataclass
class Left:
    """A place in the document that was not taken, and why. Never the text itself: it may name people."""

    path: str
    why: str


@dataclass
class Found:
    """The card in a document.

    Attributes:
        kind: the format, such as ``cyclonedx``.
        title: what people call it.
        content: what was taken, field by field.
        owner: an account's user name; empty if the document does not say.
        left: what was not taken.
    """

    kind: str
    title: str
    content: Content = field(default_factory=dict)
    owner: str = ""
    risk_tier: str = ""
    left: list[Left] = field(default_factory=list)

    def take(self, name: str, value: Any, path: str) -> None:
        """Take a field; what the card cannot hold is left out with the reason."""
        if value in (None, "", [], {}):
            return
        try:
            cleaned = cleaned_field(name, value)
        except InvalidInput as error:
            self.leave(path, error.sentence)
            return
        if cleaned:
            self.content[name] = cleaned

    def take_rows(self, name: str, rows: list[tuple[str, Any]]) -> None:
        """Take a list point by point or row by row, so that one bad row loses no other."""
        good: list[Any] = []
        for path, row in rows:
            try:
                cleaned_field(name, [row])
                good.append(row)
            except InvalidInput as error:
                self.leave(path, error.sentence.replace("Row 1: ", "").replace("Point 1: ", ""))
        present: Any = self.content.get(name, [])
        self.take(name, [*present, *good], name)

    def leave(self, path: str, why: str = NO_FIELD) -> None:
        """Say that something was not taken."""
        if len(self.left) < MOST_LEFT:
            self.left.append(Left(path, why))
        elif self.left[-1].path != "…":
            self.left.append(Left("…", "There is more that was not taken."))

    def take_metrics(
        self, reader: "Reader", path: tuple[str, ...], *, interval: tuple[str, str, str]
    ) -> None:
        """Take the list of metrics at the path.

        Args:
            interval: what the format calls the confidence interval, its lower and its upper bound.
        """
        whole, low, high = interval
        rows: list[tuple[str, Any]] = []
        for index in range(reader.count(*path)):
            one: tuple[str | int, ...] = (*path, index)
            row = {name: reader.text(*one, name) for name in ("type", "value", "slice")}
            row["low"] = reader.text(*one, whole, low)
            row["high"] = reader.text(*one, whole, high)
            rows.append((at(*one), row))
        self.take_rows("metrics", rows)


class Reader:
    """Takes values out of a copy of the document; what remains at the end is what nobody took."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._rest: Any = copy.deepcopy(dict(document))

    def pop(self, *path: str | int) -> Any:
        """Take out the value at the path; None where there is none."""
        holder = self._rest
        for step in path[:-1]:
            holder = _below(holder, step)
        last = path[-1]
        if isinstance(holder, dict):
            return holder.pop(str(last), None)
        if isinstance(holder, list) and isinstance(last, int) and last < len(holder):
            value, holder[last] = holder[last], None
            return value
        return None

    def text(self, *path: str | int) -> str:
        """Take out a text or a number; what is neither stays."""
        text = as_text(self.see(*path))
        if text:
            self.pop(*path)
        return text

    def texts(self, *path: str | int) -> list[tuple[str, str]]:
        """Take out the texts of a list, with their paths."""
        found = [(index, self.text(*path, index)) for index in range(self.count(*path))]
        return [(f"{at(*path)}[{index}]", text) for index, text in found if text]

    def count(self, *path: str | int) -> int:
        """Return the length of the list at the path."""
        value = self.see(*path)
        return len(value) if isinstance(value, list) else 0

    def see(self, *path: str | int) -> Any:
        """Return the value at the path and leave it there."""
        value = self._rest
        for step in path:
            value = _below(value, step)
        return value

    def left(self) -> Iterator[str]:
        """Yield the paths of what was not taken out."""
        yield from _paths(self._rest, "")


def at(*path: str | int) -> str:
    """Return a path as people write it: ``modelCard.considerations.users[0]``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.lstrip(".")


def as_text(value: Any) -> str:
    """Return a text or a number as text; empty for everything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return value if isinstance(value, str) else repr(value)


def _below(holder: Any, step: str | int) -> Any:
    if isinstance(holder, dict):
        return holder.get(str(step))
    if isinstance(holder, list) and isinstance(step, int) and step < len(holder):
        return holder[step]
    return None


def _paths(value: Any, path: str) -> Iterator[str]:
    """Yield a path per value that says something; empty objects and lists were emptied by reading them."""
    if isinstance(value, dict):
        for name, child in value.items():
            yield from _paths(child, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _paths(child, f"{path}[{index}]")
    elif value not in (None, ""):
        yield path[:200]
