"""The CEL engine behind two calls: compile a rule, ask it about values.

Traps of the engine that this module closes, each held by a test:

- a run-time error comes back as a *value*, of type ERROR and truthy: only BOOL and True is yes;
- some errors (the iteration budget, text that is not Unicode) are raised instead;
- NaN makes `!(x > 1)` true: numbers that are not finite never get in, and no division makes one;
- int and double do not mix: see `releases.gates.dialect`.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from cel_expr_python import cel

from releases.canonical import Json
from releases.gates.dialect import NONZERO, VARIABLES, new_environment
from releases.gates.tokens import operand_end, tokens_of

#: Characters. Longer rules are not readable by the people who sign.
LONGEST_RULE: Final = 2000
_DEEPEST_FACTS: Final = 32
_POSITION: Final = re.compile(r"ERROR: <input>:(?P<line>\d+):(?P<column>\d+): (?P<said>[^\n]*)")
_CODE: Final = re.compile(r"^[A-Z_]+: | \[[A-Z_]+\]$")
_ERRORS: Final = (RuntimeError, ValueError, TypeError, OverflowError)


class DoesNotCompile(ValueError):
    """An expression that is no rule. `sentence` has the position where there is one."""

    def __init__(
        self, sentence: str, *, line: int | None = None, column: int | None = None
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.line = line
        self.column = column


class CouldNotAnswer(Exception):
    """A rule that gave no yes or no. `said` is what the engine said."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


class NotYesOrNo(CouldNotAnswer):
    """The rule gave a value that is neither true nor false; `said` is its type."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled expression."""

    expression: str
    program: Any

    def holds(self, variables: Mapping[str, Json]) -> bool:
        """Say whether the rule holds; raise CouldNotAnswer for everything but a yes or no."""
        try:
            value = self.program.eval(data={k: _to_cel(v, 0) for k, v in variables.items()})
        except _ERRORS as error:
            raise CouldNotAnswer(_plain(str(error))) from error
        if value.type() == cel.Type.ERROR:
            raise CouldNotAnswer(_plain(str(value.value())))
        if value.type() != cel.Type.BOOL:
            raise NotYesOrNo(value.type().name().lower())
        return value.value() is True


@lru_cache(maxsize=1024)
def compile_rule(expression: str) -> Rule:
    """Compile `expression`; raise DoesNotCompile when it is wrong or cannot give yes or no."""
    if len(expression) > LONGEST_RULE:
        raise DoesNotCompile(f"The expression is longer than {LONGEST_RULE} characters.")
    if any(token.text == NONZERO for token in tokens_of(expression)):
        raise DoesNotCompile(f"{NONZERO} is not a function for rules.")
    answer = _compile(expression).return_type()
    if answer not in (cel.Type.BOOL, cel.Type.DYN):
        raise DoesNotCompile(
            f"The expression gives {_kind(answer)}, but a gate asks for true or false."
        )
    return Rule(expression, _compile(_guard_divisors(expression)))


@cache
def _environment() -> Any:
    return new_environment()


def _compile(expression: str) -> Any:
    try:
        return _environment().compile(expression)
    except _ERRORS as error:
        raise _does_not_compile(str(error)) from None


def _guard_divisors(expression: str) -> str:
    """Wrap every divisor, so that a division by zero is an error and not NaN."""
    tokens = tokens_of(expression)
    insertions: list[tuple[int, int, str]] = []
    for index, token in enumerate(tokens):
        if token.kind == "sign" and token.text in {"/", "%"}:
            last = tokens[operand_end(tokens, index + 1) - 1]
            insertions += [(token.end, 0, f" {NONZERO}("), (last.end, 1, ")")]
    guarded = expression
    for where, _, text in sorted(insertions, reverse=True):
        guarded = guarded[:where] + text + guarded[where:]
    return guarded


def _does_not_compile(message: str) -> DoesNotCompile:
    found = _POSITION.search(message)
    if found is None:
        if "recursion limit" in message:
            return DoesNotCompile("The expression is nested too deeply.")
        return DoesNotCompile(f"The expression cannot be read: {_plain(message)}.")
    line, column = int(found["line"]), int(found["column"])
    said = _CODE.sub("", found["said"]).replace(" (in container '')", "")
    return DoesNotCompile(
        f"The expression is wrong at line {line}, column {column}: {_readable(said)}.",
        line=line,
        column=column,
    )


def _readable(said: str) -> str:
    if match := re.match(r"undeclared reference to '(.*)'", said):
        root = match[1].partition(".")[0]
        return f"there is nothing named {root} (there are {', '.join(VARIABLES)})"
    if match := re.match(r"found no matching overload for '(.*)' applied to '\((.*)\)'", said):
        return f"{match[1].strip('_').replace('_', ' ')} does not work on {match[2]}{_hint(said)}"
    said = said.removeprefix("Syntax error: ")
    return re.sub(r" expecting \{.*\}?$", "", said).replace("'<EOF>'", "the end")


def _hint(said: str) -> str:
    if "'_/_' applied to '(int, int)'" in said:
        return "; write one of them with a decimal point"
    return ""


def _kind(answer: Any) -> str:
    name = str(answer.name()).lower()
    return {"int": "a number", "double": "a number", "string": "a text"}.get(name, f"a {name}")


def _plain(message: str) -> str:
    first = message.splitlines()[0] if message else "no reason given"
    return _CODE.sub("", _CODE.sub("", first)).strip()


def _to_cel(value: Json, depth: int) -> Any:
    if depth > _DEEPEST_FACTS:
        raise ValueError("the facts are nested too deeply")
    match value:
        case None | bool() | str():
            return value
        case int() | float():
            number = float(value)
            if not math.isfinite(number):
                raise ValueError("a number in the facts is not finite")
            return number
        case Mapping():
            return {str(key): _to_cel(child, depth + 1) for key, child in value.items()}
        case list() | tuple():
            return [_to_cel(child, depth + 1) for child in value]
    raise TypeError(f"a {type(value).__name__} cannot be a fact")
