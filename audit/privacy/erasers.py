"""What every app erases of a person beside the log; ``settings.AUDIT_ERASERS`` names the functions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from audit.privacy.taking import Taken


@dataclass
class Erased:
    """What an app has erased.

    Attributes:
        counts: how much, by kind: words that people read, such as "comments".
        taken: values of the log that went with it although they stood under somebody else's key.
    """

    counts: dict[str, int] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)


class Eraser(Protocol):
    """Erases in the transaction of the erasure; sees the account as the erasers before it left it."""

    def __call__(self, person: Any) -> Erased:
        """Erase what this app knows of the person."""


def erasers() -> Sequence[Eraser]:
    """Return the erasers, from the app that stands highest downwards: names are still known above."""
    return [import_string(path) for path in settings.AUDIT_ERASERS]
