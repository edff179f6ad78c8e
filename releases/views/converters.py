"""Parts of addresses; what none can be is 404, not an error."""

from django.urls.converters import StringConverter


class ReleaseVersionConverter(StringConverter):
    """A release's version, such as ``2026.3`` or ``4.12.0+build.7``."""

    regex = r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,127}"


class ChangeRequestConverter:
    """A change request's number, with or without its letters: ``CR-12`` and ``12`` are the same."""

    regex = r"(?:[Cc][Rr]-)?[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        """Return the number."""
        return int(value.rpartition("-")[2])

    def to_url(self, value: int) -> str:
        """Return what people quote."""
        return f"CR-{value}"


class TableKindConverter(StringConverter):
    """The form in which a table is taken away."""

    regex = "csv|json"
