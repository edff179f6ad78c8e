"""Names of events: ``<app>.<past tense>`` with the sentence that people read."""

from enum import StrEnum
from string import Formatter
from typing import Self

ALWAYS_SUPPLIED = frozenset({"actor", "object", "project"})
"""Words of a sentence that every event has."""


class EventName(StrEnum):
    """Base of every app's list of events; each member is ``NAME = "<app>.<what_happened>", "<sentence>"``.

    The sentence is a format string over the event's facts: ``{actor}``, ``{object}``, ``{project}`` and any
    key of ``data`` or ``private``; ``words`` are those that it uses. A key that is missing (an erased
    name) reads as "(erased)".
    """

    sentence: str
    words: frozenset[str]

    def __new__(cls, value: str, sentence: str) -> Self:
        """Make the member a string that carries its sentence."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        member.words = frozenset(word for _, word, _, _ in Formatter().parse(sentence) if word)
        return member
