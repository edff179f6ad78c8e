"""Which values an expression names: `evidence.latency.p95`, `item.labels["team"]`."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from releases.canonical import Json
from releases.gates.dialect import VARIABLES
from releases.gates.tokens import Token, tokens_of

Step: TypeAlias = str | int
_MACROS: Final = frozenset({"all", "exists", "exists_one", "map", "filter"})


@dataclass(frozen=True, slots=True)
class Reference:
    """A root variable and the steps below it."""

    root: str
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        """Return `latency.p95` for evidence, `item.version` for the rest."""
        parts = [] if self.root == "evidence" and self.steps else [self.root]
        text = ".".join([*parts, *(_shown(step) for step in self.steps)])
        return text.replace(".[", "[")

    def find(self, variables: Mapping[str, Json]) -> Json:
        """Return the value; raise KeyError when one of the steps does not exist."""
        value: Json = variables[self.root]
        for step in self.steps:
            if isinstance(value, Mapping) and step in value:
                value = value[str(step)]
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                raise KeyError(step)
        return value


def references_of(expression: str) -> tuple[Reference, ...]:
    """Return every value that `expression` names, once each, in the order of their first use.

    Names bound by a macro (`evidence.failures.all(item, …)`) hide the variable; they are left out.
    """
    tokens = tokens_of(expression)
    hidden = {
        tokens[i + 2].text
        for i in range(len(tokens) - 3)
        if tokens[i].text in _MACROS and tokens[i + 1].text == "(" and tokens[i + 3].text == ","
    }
    found = (
        _reference(tokens, index)
        for index, token in enumerate(tokens)
        if token.kind == "name"
        and token.text in VARIABLES
        and token.text not in hidden
        and not _is_field(tokens, index)
    )
    return tuple(dict.fromkeys(found))


def reads(expression: str, root: str) -> bool:
    """Return whether the expression names something of that variable."""
    return any(reference.root == root for reference in references_of(expression))


def _is_field(tokens: Sequence[Token], index: int) -> bool:
    """Tell `x.item` from `item` and from the leading dot of `.item`."""
    if index == 0 or tokens[index - 1].text != ".":
        return False
    return index > 1 and (
        tokens[index - 2].kind in {"name", "quoted", "string"} or tokens[index - 2].text in ")]}"
    )


def _reference(tokens: Sequence[Token], index: int) -> Reference:
    steps: list[Step] = []
    at = index + 1
    while (read := _step(tokens, at)) is not None:
        step, at = read
        steps.append(step)
    return Reference(tokens[index].text, tuple(steps))


def _step(tokens: Sequence[Token], at: int) -> tuple[Step, int] | None:
    texts = [token.text for token in tokens[at : at + 3]]
    if len(texts) > 1 and texts[0] == "." and tokens[at + 1].kind in {"name", "quoted"}:
        # A name before a parenthesis is a function: `item.version.startsWith("1.")`.
        return None if texts[2:] == ["("] else (texts[1].strip("`"), at + 2)
    if len(texts) == 3 and texts[0] == "[" and texts[2] == "]":  # noqa: PLR2004 -- `[`, key, `]`
        key = _literal(tokens[at + 1])
        return None if key is None else (key, at + 3)
    return None


def _literal(token: Token) -> Step | None:
    if token.kind == "string":
        try:
            value = ast.literal_eval(token.text)
        except (ValueError, SyntaxError):
            return None
        return value if isinstance(value, str) else None
    return int(token.text) if token.kind == "number" and token.text.isdecimal() else None


def _shown(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return step if step.isidentifier() else f'["{step}"]'
