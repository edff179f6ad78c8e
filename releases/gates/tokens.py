"""The tokens of a CEL expression: enough to find names, conjuncts and divisors, not a parser.

The engine parses; this only reads expressions that the engine has accepted.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(
    r"""
    (?P<blank>   \s+ | //[^\n]* )
  | (?P<string>  (?:[bB]?[rR]|[rR][bB]) (?: \"{3}.*?\"{3} | '{3}.*?'{3} | "[^"\n]*" | '[^'\n]*' )
               | [bB]? (?: \"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3}
                         | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' ) )
  | (?P<number>  0[xX][0-9a-fA-F]+[uU]? | (?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[uU]? )
  | (?P<name>    [A-Za-z_][A-Za-z0-9_]* )
  | (?P<quoted>  `[^`\n]*` )
  | (?P<sign>    && | \|\| | [=!<>]= | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENING: Final = {"(": ")", "[": "]", "{": "}"}
_CLOSING: Final = frozenset(_OPENING.values())


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression and where it stands in it."""

    kind: str
    text: str
    start: int
    end: int


def tokens_of(expression: str) -> tuple[Token, ...]:
    """Return the tokens of `expression` without blanks and comments."""
    return tuple(
        Token(str(match.lastgroup), match.group(), match.start(), match.end())
        for match in _TOKEN.finditer(expression)
        if match.lastgroup != "blank"
    )


def closing(tokens: Sequence[Token], opening: int) -> int:
    """Return the index of the bracket that closes the one at `opening`."""
    depth = 0
    for index in range(opening, len(tokens)):
        if tokens[index].text in _OPENING and tokens[index].kind == "sign":
            depth += 1
        elif tokens[index].text in _CLOSING and tokens[index].kind == "sign":
            depth -= 1
            if depth == 0:
                return index
    return len(tokens) - 1


def conjuncts_of(expression: str) -> tuple[str, ...]:
    """Return the parts that `&&` joins at the top of `expression`; all of it under `||` or `?`."""
    tokens = tokens_of(expression)
    cuts: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.kind == "sign":
            if token.text in {"||", "?"}:
                return (expression.strip(),)
            if token.text == "&&":
                cuts.append(token)
            if token.text in _OPENING:
                index = closing(tokens, index)
        index += 1
    starts = [0, *(cut.end for cut in cuts)]
    ends = [*(cut.start for cut in cuts), len(expression)]
    return tuple(expression[a:b].strip() for a, b in zip(starts, ends, strict=True))


def operand_end(tokens: Sequence[Token], first: int) -> int:
    """Return the index after the divisor that begins at `first`: `-a.b[0].c(d)`, `(a - b)`."""
    index = first
    while index < len(tokens) and tokens[index].text in {"-", "!"}:
        index += 1
    index = _after(tokens, index)
    while index < len(tokens) and tokens[index].text in {".", "(", "[", "{"}:
        index = index + 2 if tokens[index].text == "." else _after(tokens, index)
    return index


def _after(tokens: Sequence[Token], index: int) -> int:
    if index < len(tokens) and tokens[index].text in _OPENING:
        return closing(tokens, index) + 1
    if index < len(tokens) and tokens[index].text == ".":
        # A leading dot names the root: `.evidence.tests`.
        return index + 2
    return index + 1
