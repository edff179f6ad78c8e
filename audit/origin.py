"""Where a call came from: set at the door (middleware, task, command), read when an event is recorded.

Who acts is always an argument. Where the call came from is not part of any rule, only of the record, so
it may travel beside the call.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """How a call reached the portal."""

    channel: str = "system"
    """One of ``page``, ``api``, ``worker``, ``command``, ``system``."""
    request_id: str = ""
    address: str = ""
    """The caller's network address: personal data, so it is recorded as a commitment."""


_SYSTEM = Origin()
_current: ContextVar[Origin] = ContextVar("audit_origin", default=_SYSTEM)


def current_origin() -> Origin:
    """Return where the present call came from."""
    return _current.get()


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    """Let everything recorded inside carry this origin."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)
