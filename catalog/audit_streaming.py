"""Who decides where the audit log is sent; settings.AUDIT_STREAMING_RULE names ``may_stream``."""

from catalog.models import User
from catalog.permissions import administers


def may_stream(user: User) -> bool:
    """Return whether the account administers the portal."""
    return administers(user)
