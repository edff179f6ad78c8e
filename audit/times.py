"""Times as text, the same everywhere in the log."""

from datetime import UTC, datetime
from typing import overload


@overload
def in_utc(moment: datetime) -> str: ...
@overload
def in_utc(moment: None) -> None: ...
@overload
def in_utc(moment: datetime | None) -> str | None: ...
def in_utc(moment: datetime | None) -> str | None:
    """Return ``2026-11-20T12:00:00.123456Z``: UTC, always microseconds, as the entries have it."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
