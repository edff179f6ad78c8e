"""Names of events: ``<app>.<past tense>`` with the sentence that people read."""

from enum import StrEnum
from typing import Self


class EventName(StrEnum):
    """Base of every app's list of events; each member is ``NAME = "<app>.<what_happened>", "<sentence>"``.

    The sentence is a format string over the event's facts: ``{actor}`` and any key of ``data`` or
    ``private``. A key that is missing (an erased name) reads as "(erased)".
    """

    sentence: str

    def __new__(cls, value: str, sentence: str) -> Self:
        """Make the member a string that carries its sentence."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member
