"""What is recorded about exports, each with its sentence."""

from audit.names import EventName


class ExportEvent(EventName):
    """Who took which part of the log away as a file."""

    BEGUN = "audit.list_export_begun", "{actor} began to export the {object} as {format}: {scope}."
    FINISHED = (
        "audit.list_exported",
        "{actor} exported {rows} events of the {object} as {format}; the file's SHA-256 is {sha256}.",
    )
