"""What people type, as a question to the index.

A sentence is made when it is read, from three things: its template, the entry's facts, and names that are
disclosed. The index holds the facts. A word of a template becomes the events that have that template, and a
person's name the pseudonyms that entries call them by; both are looked up when somebody searches.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from string import Formatter
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string

from audit import sentences

MOST_WORDS: Final = 12
_LONGEST: Final = 100  # as audit_words_of cuts them
_BETWEEN: Final = re.compile(r"[^\w.:/@+-]+")
_EDGES: Final = "._:/@+-…"
_COMMON: Final = frozenset(
    {
        "a",
        "an",
        "and",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "in",
        "is",
        "it",
        "of",
        "on",
        "or",
        "that",
    }
    | {"the", "to", "was", "with"}
)

NamesKnownBy = Callable[[Sequence[str]], Mapping[str, Collection[str]]]
"""What settings.AUDIT_NAMES names: returns, for each word, the pseudonyms of those who are called so."""


@dataclass(frozen=True)
class Term:
    """A word that an event must have, or must not."""

    word: str
    excluded: bool = False


def terms_of(text: str) -> list[Term]:
    """Return the words of what was typed; a hyphen before one excludes it. Very common ones are left out."""
    found = [
        Term(word, excluded=chunk.startswith("-"))
        for chunk in text.lower().replace("sha256:", "").split()
        for piece in _BETWEEN.split(chunk)
        if (word := piece.strip(_EDGES)[:_LONGEST])
    ]
    telling = [term for term in found if term.word not in _COMMON]
    return list(dict.fromkeys(telling or found))[:MOST_WORDS]


def tsquery_of(terms: Iterable[Term]) -> str:
    """Return the question as text for PostgreSQL's ``tsquery``; one query for the names in it."""
    listed = list(terms)
    names_known_by: NamesKnownBy = import_string(settings.AUDIT_NAMES)
    called = names_known_by([term.word for term in listed])
    return " & ".join(_one(term, called.get(term.word, ())) for term in listed)


def _one(term: Term, pseudonyms: Collection[str]) -> str:
    ways = [f"{_quoted(term.word)}:*", *map(_quoted, [*_types_saying(term.word), *pseudonyms])]
    return f"{'!' if term.excluded else ''}({' | '.join(ways)})"


def _types_saying(word: str) -> list[str]:
    """Return the events whose sentence has a word that begins so."""
    return [name for name, said in _said().items() if any(one.startswith(word) for one in said)]


def _said() -> Mapping[str, frozenset[str]]:
    return _words_of_templates(tuple(sentences.sentence_templates().items()))


@cache
def _words_of_templates(templates: tuple[tuple[str, str], ...]) -> Mapping[str, frozenset[str]]:
    return {
        name: frozenset(
            re.findall(r"\w+", " ".join(text for text, *_ in Formatter().parse(template)).lower())
        )
        for name, template in templates
    }


def _quoted(lexeme: str) -> str:
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
