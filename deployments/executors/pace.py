"""How long a carry-out waits for what."""

import time
from datetime import timedelta

from django.conf import settings

from deployments.clients.cluster import RolloutStatus

LONGEST_LOOK = 2.0
"""Seconds that one look may be held open: a page is never further behind than that."""
PATIENCE_VERIFY = 30
"""Seconds in which the last old pods may go and the nodes may report what the new ones run."""
PATIENCE_BACK = 60
"""Seconds in which a workload that was put back may settle; the deployment has failed either way."""
GRACE_BACK = 5
"""Seconds in which its status may still be that of what is taken away: a deadline that was exceeded is."""
PAUSE = 0.5
"""Seconds between two looks where nothing can be waited for."""


def look_for() -> float:
    """Return for how long one look may hold: short enough for the lease to be renewed in time."""
    return min(LONGEST_LOOK, settings.CARRY_OUT_LEASE_SECONDS / 3)


def patience() -> timedelta:
    """Return for how long a new pod may be unable to start before its rollout counts as failed."""
    return timedelta(seconds=settings.CARRY_OUT_PATIENCE_SECONDS)


def may_settle(status: RolloutStatus, *, began: float) -> bool:
    """Return whether a workload that was put back may still come to another standing.

    Args:
        began: when it was put back, by the monotonic clock.
    """
    waited = time.monotonic() - began
    return not status.done and waited < (GRACE_BACK if status.failed else PATIENCE_BACK)
