"""Say how long a class of data is kept."""

from django.db import transaction

from audit.itself import TheLog
from audit.privacy.events import PrivacyEvent
from audit.privacy.models import RetentionPeriod
from audit.privacy.retention import RetentionClass, in_words, retention_classes
from audit.record import record
from catalog.errors import InvalidInput, NotFound
from catalog.models import User
from catalog.permissions import PortalPermission, require_portal

SHORTEST = 30
LONGEST = 36_500


@transaction.atomic(durable=True)
def set_retention(name: str, *, days: int | None, by: User) -> RetentionClass:
    """Keep a class for so many days from now on; None is without end. The same again records nothing.

    Raises:
        NotPermitted: without the portal permission ``manage_privacy``.
        NotFound: there is no such class.
        InvalidInput: the period is too short to be meant, or too long to be counted.
    """
    require_portal(PortalPermission.MANAGE_PRIVACY, by)
    kept = next((each for each in retention_classes() if each.name == name), None)
    if kept is None:
        raise NotFound(f"There is no class of data {name!r:.60}.")
    if days is not None and not SHORTEST <= days <= LONGEST:
        raise InvalidInput.of(
            "days", f"Give {SHORTEST} to {LONGEST} days, or nothing to keep them without end."
        )
    if days != kept.days:
        RetentionPeriod.objects.update_or_create(
            name=name, defaults={"days": days, "changed_by": by}
        )
        record(
            PrivacyEvent.RETENTION_CHANGED,
            subject=TheLog(),
            by=by,
            name=name,
            title=kept.title.lower(),
            before=in_words(kept.days),
            after=in_words(days),
            days=days,
        )
    return next(each for each in retention_classes() if each.name == name)
