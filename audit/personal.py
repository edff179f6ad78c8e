"""Whom a name or a free text concerns: under that person's key it is kept, and with that key it is erased."""

from typing import Protocol, Self


class Named(Protocol):
    """A person as they stand in the log."""

    pseudonym: str

    @property
    def display_name(self) -> str:
        """The name people know them by, now."""


class Personal(str):
    """A private value that concerns others than whoever acts.

    Attributes:
        subjects: the pseudonyms of all whom it concerns; when one of them is erased, it is.
    """

    __slots__ = ("subjects",)

    subjects: tuple[str, ...]

    def __new__(cls, value: str, *subjects: str) -> Self:
        """Make the text one of these people's."""
        made = super().__new__(cls, value)
        made.subjects = tuple(sorted(set(subjects)))
        return made


def about(person: Named, value: str) -> Personal:
    """Return a text that concerns the person."""
    return Personal(value, person.pseudonym)


def name_of(person: Named) -> Personal:
    """Return the person's name, now."""
    return about(person, person.display_name)
