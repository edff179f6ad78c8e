"""What happens to saved views, each with its sentence."""

from audit.names import EventName


class SavedViewEvent(EventName):
    """Filters that people keep."""

    SAVED = "audit.view_saved", "{actor} saved the {object} of the audit log as “{name}”."
    REPLACED = "audit.view_replaced", "{actor} replaced the {object} of the audit log, “{name}”."
    RENAMED = "audit.view_renamed", "{actor} called the {object} “{name}”."
    DELETED = "audit.view_deleted", "{actor} deleted the {object}, “{name}”."
