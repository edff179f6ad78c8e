"""What can happen to the installation as a whole."""

from audit.names import EventName


class PortalEvent(EventName):
    """Events of the portal itself."""

    DEMO_LOADED = (
        "portal.demo_loaded",
        "{actor} loaded the demo: everything before this entry is an invented history.",
    )
