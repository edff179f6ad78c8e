"""What an owner is told on their first page."""

from django.utils import timezone

from catalog.models import User
from releases.models import ModelCard


def overdue_of(owner: User) -> str:
    """Return the beginning of a sentence about the person's overdue cards; empty for none."""
    own = ModelCard.objects.filter(owner=owner)
    if not own.filter(next_review_at__lte=timezone.now()).exists():
        return ""  # nearly always, and cheap to ask
    count = own.visible_to(owner).overdue().count()
    if not count:
        return ""
    return "1 model card that you own is" if count == 1 else f"{count} model cards that you own are"
