"""The nudges of decisions."""

from catalog.nudges import nudge

CARRY_OUT = "deployments.carry_out"
REEVALUATE = "releases.reevaluate"


def nudge_carry_out(number: int) -> None:
    """Let a worker carry out the change request."""
    nudge(CARRY_OUT, number)


def nudge_reevaluation(number: int) -> None:
    """Let a worker evaluate the change request again."""
    nudge(REEVALUATE, number)
