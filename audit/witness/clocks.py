"""Whether this machine's clock agrees with those of others."""

from datetime import datetime, timedelta
from typing import Final

from audit.completeness.alarms import lift_alarm, raise_alarm
from audit.completeness.models import AlarmKind

LARGEST_DIFFERENCE: Final = timedelta(minutes=2)


def compare_clocks(ours: datetime, theirs: datetime, *, whose: str) -> None:
    """Raise an alarm if the two are apart, and lift it if they are not.

    Args:
        ours: in UTC, when we asked.
        theirs: in UTC, what was answered.
        whose: who answered, as people know them.
    """
    if abs(theirs - ours) > LARGEST_DIFFERENCE:
        raise_alarm(
            AlarmKind.CLOCK,
            f"This machine's clock says {ours:%Y-%m-%d %H:%M:%S} UTC, and that of {whose} "
            f"{theirs:%Y-%m-%d %H:%M:%S} UTC: times in the log may be off by as much.",
            about=whose,
        )
    else:
        lift_alarm(AlarmKind.CLOCK, f"This machine's clock and that of {whose} agree.", about=whose)
