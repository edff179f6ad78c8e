"""Let the demo's history happen in the past.

The database stamps every event itself, and nothing in the application can tell it another time. So the
demo's loader, and only it, works as the schema's owner: while it runs, the stamp function reads an offset
from the session; afterwards the function is what the migrations made of it, which ``audit_doctor``
checks. The log says so too: its first entry after the history tells that the history is invented.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch

import psycopg
from django.db import connection
from django.utils import timezone

_STAMP = "audit_compose_entry()"
_CLOCK = "clock_timestamp()"
_SHIFTED = (
    "clock_timestamp() + coalesce(nullif(current_setting('gatehouse.demo_offset', true), ''), '0')"
    "::interval"
)


@contextmanager
def history_allowed(owner_url: str) -> Iterator[None]:
    """While it lasts, the sessions of the loader may stamp events with an offset."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        original = _definition(owner)
        owner.execute(original.replace(_CLOCK, _SHIFTED).encode())
        try:
            yield
        finally:
            owner.execute(original.encode())


def _definition(owner: psycopg.Connection) -> str:
    row = owner.execute("SELECT pg_get_functiondef(%s::regprocedure)", [_STAMP]).fetchone()
    if row is None:
        raise RuntimeError("The audit triggers are missing: run the migrations first.")
    # A loader that was killed left the shifted function behind; that one is not to be kept.
    return str(row[0]).replace(_SHIFTED, _CLOCK)


class Today:
    """The clock where the owner's help is missing: the whole history happens now."""

    @contextmanager
    def at(self, _moment: datetime) -> Iterator[None]:
        """Let it be now all the same."""
        yield

    def pass_by(self, **span: float) -> None:
        """Wait for nothing."""


class Yesterday(Today):
    """The demo's clock: set to a moment of the past, and moved on between two deeds."""

    def __init__(self) -> None:
        self._real_now = timezone.now
        self._offset = timedelta()

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Let it be that moment, and time go on from there, in Python and in the database."""
        self._shift(moment - self._real_now())
        try:
            with patch.object(timezone, "now", lambda: self._real_now() + self._offset):
                yield
        finally:
            self._shift(timedelta())

    def pass_by(self, **span: float) -> None:
        """Let some time go by, such as ``hours=2``."""
        self._shift(self._offset + timedelta(**span))

    def _shift(self, offset: timedelta) -> None:
        self._offset = offset
        with connection.cursor() as cursor:
            seconds = f"{offset.total_seconds():.6f} seconds"
            cursor.execute("SELECT set_config('gatehouse.demo_offset', %s, false)", [seconds])
