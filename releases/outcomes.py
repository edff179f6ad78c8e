"""The words in which evidence and gates answer."""

from enum import StrEnum


class EvidenceOutcome(StrEnum):
    """What a report says by itself, before any policy reads it."""

    PASS = "pass"  # noqa: S105 -- an outcome, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"


class GateVerdict(StrEnum):
    """What a gate says about a release."""

    PASS = "pass"  # noqa: S105 -- a verdict, not a password
    WARN = "warn"
    FAIL = "fail"
    ERROR = "error"
    INCONCLUSIVE = "inconclusive"
    WAIVED = "waived"

    @property
    def lets_through(self) -> bool:
        """Nothing inconclusive passes: only these three do."""
        return self in {GateVerdict.PASS, GateVerdict.WARN, GateVerdict.WAIVED}
