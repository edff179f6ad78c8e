"""What a way to a destination does."""

from typing import Protocol

from audit.streaming.models import Destination
from audit.streaming.records import Batch


class Transport(Protocol):
    """Takes records to a place and returns when the place has them.

    Attributes:
        most_records: records of one batch.
        most_bytes: bytes of the entries of one batch; a single entry may be larger.
    """

    most_records: int
    most_bytes: int

    def send(self, destination: Destination, batch: Batch) -> None:
        """Send the batch; it is acknowledged when this returns.

        Raises:
            NotDelivered: it did not arrive, or nobody can tell: send the same again later.
            RecordsRefused: the destination refuses what is in it.
        """
