"""Lock the row first: everything an action checks afterwards stays true until it commits."""

from catalog.errors import NotFound
from releases.models import ChangeRequest


def lock_change_request(number: int) -> ChangeRequest:
    """Return the change request with what actions need of it, its own row locked.

    Raises:
        NotFound: there is no such change request.
    """
    found = (
        ChangeRequest.objects.select_for_update(of=("self",))
        .select_related(
            "project", "environment__project", "release__project", "statement", "requested_by"
        )
        .filter(pk=number)
        .first()
    )
    if found is None:
        raise NotFound(f"There is no change request CR-{number}.")
    return found
