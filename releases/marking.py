"""Mark open change requests for another evaluation: the mark outlives a lost nudge."""

from django.db.models import Q
from django.utils import timezone

from releases.models import ChangeRequest
from releases.queue import nudge_reevaluation
from releases.states import CHECKED_AGAIN


def mark_for_evaluation(concerned: Q) -> None:
    """Mark and nudge, inside the caller's transaction; rows are locked in the order of their numbers."""
    numbers = list(
        ChangeRequest.objects.select_for_update(of=("self",), no_key=True)
        .filter(concerned, state__in=CHECKED_AGAIN)
        .order_by("number")
        .values_list("number", flat=True)
    )
    ChangeRequest.objects.filter(pk__in=numbers).update(check_again_at=timezone.now())
    for number in numbers:
        nudge_reevaluation(number)
