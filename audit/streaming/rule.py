"""Who decides where the log is sent. The rule lives above this app, and is loaded by its path."""

from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from audit.streaming.errors import StreamingNotAllowed


class MayStream(Protocol):
    """What settings.AUDIT_STREAMING_RULE names."""

    def __call__(self, user: Any) -> bool:
        """Return whether the account may decide where the log is sent."""


def may_stream(user: Any) -> bool:
    """Return whether the account may decide where the log is sent."""
    rule: MayStream = import_string(settings.AUDIT_STREAMING_RULE)
    return rule(user)


def ensure_may_stream(user: Any) -> None:
    """Let the call go on, or refuse it.

    Raises:
        StreamingNotAllowed: the account does not administer the portal.
    """
    if not may_stream(user):
        raise StreamingNotAllowed(
            "Where the whole audit log is sent, administrators of the portal decide. You may read it."
        )
