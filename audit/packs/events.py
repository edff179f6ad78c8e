"""What can happen to an evidence pack, each with its sentence."""

from audit.names import EventName


class PackEvent(EventName):
    """Who asked for which part of the log, got it, and took it away."""

    REQUESTED = "audit.pack_requested", "{actor} asked for an evidence pack: {scope}."
    BUILT = (
        "audit.pack_built",
        "The {object} was built: {entries} entries under the checkpoint of {checkpoint_size}.",
    )
    FAILED = "audit.pack_failed", "The {object} could not be built: {why}"
    DOWNLOADED = "audit.pack_downloaded", "{actor} downloaded the {object}."
    KEY_ANNOUNCED = (
        "audit.pack_key_announced",
        "Evidence packs are signed with the key {fingerprint} from now on.",
    )
