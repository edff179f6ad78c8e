"""What may be refused about destinations, and what may go wrong on the way to them."""

from typing import ClassVar


class StreamingRefused(Exception):
    """What was asked for cannot be.

    Shaped like the domain's errors, which live above this app.

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


class StreamingNotAllowed(StreamingRefused):
    """The account administers no destinations."""

    code = "not_permitted"


class StreamingWrongMoment(StreamingRefused):
    """It makes sense, but not now."""

    code = "wrong_moment"


class DeliveryError(Exception):
    """Records did not arrive; ``sentence`` says why, for people, without secrets."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotDelivered(DeliveryError):
    """The destination is in trouble or asks to wait: the same records are sent again later.

    Attributes:
        wait: seconds that it asked to wait; None when it said nothing.
    """

    def __init__(self, sentence: str, *, wait: float | None = None) -> None:
        super().__init__(sentence)
        self.wait = wait


class RecordsRefused(DeliveryError):
    """The destination took the call and refuses these very records."""


class LeaseLost(Exception):
    """Another streamer sends to the destination now."""
