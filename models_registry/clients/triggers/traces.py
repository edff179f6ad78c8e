"""Traces that an earlier call left in a tool: ours, another request's, or somebody's nobody knows."""

import re
from datetime import datetime, timedelta
from typing import Final

MARGIN: Final = timedelta(minutes=5)
"""By which the tool's clock may be behind ours."""
_OWN_ID: Final = re.compile(
    r"gatehouse-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)


def from_when(since: datetime) -> datetime:
    """Return from when on a trace may be that of a call at ``since``."""
    return since - MARGIN


def names_other(text: str) -> bool:
    """Return whether it says for which request it is; call it when it is not for ours."""
    return _OWN_ID.search(text) is not None


def whose(tool: str, things: str, count: int) -> str:
    """Return why nobody can tell."""
    return (
        f"{tool} has {count} {things} of that time that do not say for which request they are; one of "
        "them may be ours."
    )
