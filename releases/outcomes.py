"""The words in which evidence and gates answer."""

from django.db.models import TextChoices


class EvidenceOutcome(TextChoices):
    """What a report says by itself, before any policy reads it."""

    PASS = "pass", "Passed"
    FAIL = "fail", "Failed"
    INCONCLUSIVE = "inconclusive", "Inconclusive"
    ERROR = "error", "Could not be read"


class GateVerdict(TextChoices):
    """What a gate says about a release."""

    PASS = "pass", "Passed"
    WARN = "warn", "Warning"
    FAIL = "fail", "Failed"
    ERROR = "error", "Error"
    INCONCLUSIVE = "inconclusive", "Inconclusive"
    WAIVED = "waived", "Waived"

    @property
    def lets_through(self) -> bool:
        """Nothing inconclusive passes: only these three do."""
        return self in {GateVerdict.PASS, GateVerdict.WARN, GateVerdict.WAIVED}
