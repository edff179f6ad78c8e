"""Why a pack is not made or not given."""

from typing import ClassVar


class PackRefused(Exception):
    """What was asked for makes no sense.

    Attributes:
        code: stable word for machines.
        sentence: for people; says what would do.
        field: the field at fault, empty when it is none.
    """

    code: ClassVar[str] = "invalid"

    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


class PackNotAllowed(PackRefused):
    """The account may not read what the pack would hold."""

    code = "not_permitted"


class PackNotReady(PackRefused):
    """It is still being built, or could not be."""

    code = "wrong_moment"


class CannotBuild(Exception):
    """The pack cannot be built as things stand; the message is a sentence."""


class NotSealedYet(CannotBuild):
    """What the pack is asked for is not under a signed checkpoint yet. Trying again may help."""


class LeaseLost(Exception):
    """Another worker builds the pack now."""
