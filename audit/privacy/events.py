"""What can happen to personal data, each with its sentence."""

from audit.names import EventName


class PrivacyEvent(EventName):
    """Erasures, legal holds, and how long data is kept."""

    ERASURE_REQUESTED = (
        "audit.erasure_requested",
        "{actor} asked to erase the personal data of {person} ({subject_id}): {why}.",
    )
    ERASURE_CONFIRMED = (
        "audit.erasure_confirmed",
        "{actor} confirmed the {object} of the personal data of {person} ({subject_id}).",
    )
    ERASURE_WITHDRAWN = (
        "audit.erasure_withdrawn",
        "{actor} withdrew the {object} of the personal data of {person} ({subject_id}).",
    )
    ERASURE_RENEWED = (
        "audit.erasure_renewed",
        "A restore brought back personal data of {subject_id}, which was erased before; it is erased again.",
    )
    ERASED = (
        "audit.erased",
        "The personal data of {subject_id} was erased: {commitments} names and texts are past reading.",
    )
    ERASURE_PROVEN = "audit.erasure_proven", "The receipt of the {object} was issued."
    RECEIPT_DOWNLOADED = (
        "audit.erasure_receipt_downloaded",
        "{actor} downloaded the receipt of the {object}.",
    )
    HOLD_PLACED = "audit.hold_placed", "{actor} placed a legal hold on {what}: {reason}"
    HOLD_LIFTED = "audit.hold_lifted", "{actor} lifted the legal hold on {what}."
    RETENTION_CHANGED = (
        "audit.retention_changed",
        "{actor} set how long {title} are kept: {after} instead of {before}.",
    )
    PRUNED = "audit.pruned", "{title} from before {until} were removed: {number}."
