"""What can happen to the log itself, each with its sentence."""

from audit.names import EventName


class AuditEvent(EventName):
    """Events of the audit log: signs of life, verifications, alarms."""

    HEARTBEAT = "audit.heartbeat", "Gatehouse is alive; its {object} holds {events} events."
    VERIFICATION_REQUESTED = (
        "audit.verification_requested",
        "{actor} asked for a verification of the whole {object}.",
    )
    VERIFIED = (
        "audit.verified",
        "The whole {object} was verified: {entries} entries, {checkpoints} checkpoints.",
    )
    VERIFICATION_FAILED = (
        "audit.verification_failed",
        "The verification of the {object} failed: {why}",
    )
    ALARM_RAISED = "audit.alarm_raised", "An alarm about the {object} was raised: {why}"
    ALARM_LIFTED = "audit.alarm_lifted", "An alarm about the {object} was lifted: {why}"
    REFUSALS_SETTLED = (
        "audit.refusals_settled",
        "{actor} looked into {entries} entries that were kept out of the {object}: {reason}",
    )
    ANCHORED = "audit.anchored", "{authority} stamped the {object} of {size} entries at {time}."
    READ = "audit.log_read", "{actor} read the {object} through its {way}: {scope}."
    EXPORTED = "audit.exported", "{actor} exported the {object} of {size} entries as {format}."
    KEY_ROTATED = (
        "audit.key_rotated",
        "{actor} announced a further key that signs the {object}: {vkey}",
    )
    LOG_RECOVERED = (
        "audit.log_recovered",
        "After a restore {actor} brought {imported} entries of the {object} back from its published files.",
    )
    LOG_REOPENED = (
        "audit.log_reopened",
        "After a restore {actor} opened the log {origin}; {before} had ended with {size} entries.",
    )
