"""What can happen to a destination of the log, each with its sentence."""

from audit.names import EventName


class StreamEvent(EventName):
    """Who sends the log where, and what a destination refused."""

    CREATED = "audit.stream_created", "{actor} lets the log be sent to the {object}, at {place}."
    CHANGED = "audit.stream_changed", "{actor} changed {changed} of the {object}."
    PAUSED = "audit.stream_paused", "{actor} paused the {object}: {why}"
    RESUMED = "audit.stream_resumed", "{actor} resumed the {object} at entry {from_index}."
    REMOVED = "audit.stream_removed", "{actor} removed the {object}; {sent} entries had been sent."
    TESTED = "audit.stream_tested", "{actor} had a test record sent to the {object}."
    RECORD_REFUSED = (
        "audit.stream_record_refused",
        "The {object} refused entry {index} for good: {why}",
    )
    REPLAYED = (
        "audit.stream_replayed",
        "{actor} had the log sent to the {object} again from entry {from_index}; it had come to {reached}.",
    )
    SENT_AGAIN = (
        "audit.stream_sent_again",
        "{actor} had {count} refused entries sent again to the {object}.",
    )
    DISMISSED = (
        "audit.stream_dismissed",
        "{actor} decided that the {object} shall do without {what}, which it refused: {why}",
    )
