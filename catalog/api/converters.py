"""Parts of addresses."""

from django.urls.converters import StringConverter


class NameConverter(StringConverter):
    """A name without slash and without what no name may hold: a NUL character is 404, not an error."""

    regex = r"[^/\x00]{1,300}"
