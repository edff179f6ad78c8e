"""How a state looks: a tone, an icon and words, so that no meaning rests on colour alone."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Look:
    """One state as people see it.

    `tone` is a class in static/gatehouse/components.css, `icon` a symbol of the vendored sprite.
    """

    tone: str
    icon: str
    label: str


UNKNOWN_ICON: Final = "circle-dot"

# The six tones: neutral (nothing to do), active (under way), warn (a person is needed),
# good, bad (a definite no), unknown (could not tell). `failed` and `errored` differ on purpose.
LOOKS: Final[dict[str, Look]] = {
    # Change requests.
    "submitted": Look("neutral", "send", "Submitted"),
    "checking": Look("active", "progress-check", "Checking"),
    "blocked": Look("bad", "barrier-block", "Blocked"),
    "awaiting_approval": Look("warn", "signature", "Awaiting approval"),
    "approved": Look("good", "rubber-stamp", "Approved"),
    "scheduled": Look("active", "calendar-time", "Scheduled"),
    "queued": Look("active", "hourglass", "Queued"),
    "deploying": Look("active", "rocket", "Deploying"),
    "verifying": Look("active", "eye", "Verifying"),
    "deployed": Look("good", "circle-check", "Deployed"),
    "rejected": Look("bad", "circle-x", "Rejected"),
    "expired": Look("neutral", "clock-pause", "Expired"),
    "withdrawn": Look("neutral", "arrow-back-up", "Withdrawn"),
    "superseded": Look("neutral", "versions", "Superseded"),
    "failed": Look("bad", "alert-octagon", "Failed"),
    "errored": Look("unknown", "help-octagon", "Errored"),
    "aborted_by_freeze": Look("warn", "snowflake", "Aborted by freeze"),
    "rolled_back": Look("warn", "rotate-clockwise", "Rolled back"),
    # Gate and evidence outcomes.
    "pass": Look("good", "check", "Pass"),
    "warn": Look("warn", "alert-triangle", "Warning"),
    "fail": Look("bad", "x", "Fail"),
    "error": Look("unknown", "alert-circle", "Error"),
    "inconclusive": Look("unknown", "help-circle", "Inconclusive"),
    "waived": Look("warn", "certificate", "Waived"),
    # Steps of a deployment.
    "waiting": Look("neutral", "circle-dashed", "Waiting"),
    "current": Look("active", "hand-stop", "Waits for people"),
    "running": Look("active", "loader-2", "Running"),
    "done": Look("good", "check", "Done"),
    "skipped": Look("neutral", "circle-minus", "Skipped"),
    # What runs, against what was approved.
    "as_approved": Look("good", "shield-check", "As approved"),
    "not_approved": Look("bad", "shield-x", "Not approved"),
    "not_seen": Look("unknown", "eye-off", "Not seen"),
    "in_doubt": Look("unknown", "help-octagon", "Not certain"),
    "empty": Look("neutral", "circle-dashed", "Nothing deployed"),
    "serving": Look("good", "server", "Serves now"),
    "replaced": Look("neutral", "history", "Replaced"),
    # Rows of a comparison.
    "added": Look("good", "plus", "Added"),
    "removed": Look("bad", "minus", "Removed"),
    "changed": Look("active", "arrows-diff", "Changed"),
    "unchanged": Look("neutral", "equal", "Unchanged"),
    "unknown": Look("unknown", "help-circle", "Cannot be said"),
    # Policies, tokens, accounts, memberships, signatures.
    "draft": Look("neutral", "pencil", "Draft"),
    "published": Look("neutral", "book", "Published"),
    "retired": Look("neutral", "circle-off", "Retired"),
    "active": Look("good", "circle-check", "Active"),
    "inactive": Look("neutral", "user-off", "Deactivated"),
    "revoked": Look("bad", "ban", "Revoked"),
    "sealed": Look("good", "lock", "Sealed"),
    "locked": Look("warn", "lock", "Locked"),
    "frozen": Look("warn", "snowflake", "Frozen"),
    "voided": Look("neutral", "eraser", "Voided"),
    "recorded": Look("neutral", "point-filled", "Recorded"),
    "witnessed": Look("good", "certificate", "Witnessed"),
    # Erasures and legal holds.
    "requested": Look("warn", "users", "Waits for a second person"),
    "confirmed": Look("active", "hourglass", "Waits to be carried out"),
    "erased": Look("active", "eraser", "Erased, the receipt follows"),
    "proven": Look("good", "file-certificate", "Erased"),
    "held": Look("warn", "gavel", "Held"),
    "lifted": Look("neutral", "circle-off", "Lifted"),
    # Kinds of change request.
    "promotion": Look("neutral", "transfer", "Promotion"),
    "rollback": Look("warn", "arrow-back-up", "Rollback"),
    "emergency": Look("bad", "urgent", "Emergency"),
    # Risk and environment tiers.
    "low": Look("neutral", "flag", "Low risk"),
    "medium": Look("warn", "flag", "Medium risk"),
    "high": Look("bad", "flag", "High risk"),
    "critical": Look("bad", "flame", "Critical risk"),
}


def look_of(state: str) -> Look:
    """The look of a state; a state this table does not know is shown by its own name, neutrally."""
    found = LOOKS.get(state)
    return found or Look("neutral", UNKNOWN_ICON, state.replace("_", " ").capitalize())
