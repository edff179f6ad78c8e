"""Whether there is a change request to hold; settings.AUDIT_REQUEST_EXISTS names ``exists``."""

from releases.models import ChangeRequest


def exists(number: int) -> bool:
    """Return whether there is a change request of that number."""
    return number < 2**63 and ChangeRequest.objects.filter(number=number).exists()
