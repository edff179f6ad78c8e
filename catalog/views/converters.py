"""Parts of addresses."""

from django.urls.converters import StringConverter


class UsernameConverter(StringConverter):
    """A user name; what none can be is 404, not an error."""

    regex = r"[\w.@+-]{1,150}"
