"""Parts of addresses."""

from django.urls.converters import StringConverter


class StreamConverter(StringConverter):
    """A stream's name, such as ``change-request/12``; what none can be is 404, not an error."""

    regex = r"[a-z-]{1,60}/[A-Za-z0-9_.-]{1,100}"
