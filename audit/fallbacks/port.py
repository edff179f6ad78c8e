"""What a place that keeps checkpoints does."""

from typing import Protocol


class NotKept(Exception):
    """The checkpoint is not there; the message is a sentence."""


class AppendOnlyStore(Protocol):
    """A place that keeps what it was given and lets nobody replace it, such as a bucket with object lock.

    ``settings.CHECKPOINT_STORE`` names a class that is made with ``settings.CHECKPOINT_STORE_PLACE``.
    """

    def __init__(self, place: str) -> None:
        """Use that place.

        Raises:
            NotKept: it cannot be used as it is set up.
        """

    def put(self, name: str, content: bytes) -> None:
        """Keep the content under the name; the same again is nothing new.

        Args:
            name: path with ``/``, of letters, digits, hyphens, dots and underscores.
            content: at most a few kilobytes.

        Raises:
            NotKept: the place cannot be reached, or holds something else under the name.
        """
