"""What an erasure means for saved views: what somebody saved of their own may name anybody."""

from typing import Any

from audit.privacy.erasers import Erased
from audit.saved.models import SavedView


def erase(person: Any) -> Erased:
    """Remove the person's saved views."""
    removed, _ = SavedView.objects.filter(owner=person).delete()
    return Erased({"saved views": removed})
