"""A new password."""

from django.db import transaction

from audit.personal import name_of
from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.locking import locked
from catalog.models import User
from catalog.passwords import check_password
from catalog.standing import require_standing_over, require_superuser


@transaction.atomic(durable=True)
def set_password(person: User, *, password: str, by: User) -> User:
    """Set a person's password. Everybody sets their own; a superuser sets anybody's.

    Raises:
        NotPermitted: it is somebody else's, and ``by`` is no superuser.
        InvalidInput: the password is too weak.
    """
    row = locked(person)
    if row.pk != by.pk:
        require_superuser(by, "set somebody else's password")
    require_standing_over(row, by)
    check_password(password, row)
    # The caller's own object too: allauth goes on with it to keep the session alive.
    person.set_password(password)
    row.password = person.password
    row.save(update_fields=["password"])
    record(
        CatalogEvent.PERSON_CHANGED,
        subject=row,
        by=by,
        private={"person": name_of(row)},
        what="password",
    )
    return row
