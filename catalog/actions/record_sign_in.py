"""Who came, who went, and who tried."""

from django.db import transaction

from audit.personal import about
from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.models import User, the_portal

_LONGEST_NAME = 254


@transaction.atomic(durable=True)
def record_sign_in(person: User) -> None:
    """Write down that somebody signed in."""
    record(CatalogEvent.SIGNED_IN, subject=person, by=person)


@transaction.atomic(durable=True)
def record_sign_out(person: User) -> None:
    """Write down that somebody signed out."""
    record(CatalogEvent.SIGNED_OUT, subject=person, by=person)


@transaction.atomic(durable=True)
def record_failed_sign_in(tried: str) -> None:
    """Write down that somebody tried to sign in under a name, with the name as private.

    It stands in the stream of the account of that name, or else in the portal's own.
    """
    portal = the_portal()
    account = User.objects.filter(username__iexact=tried).first()
    account = account or User.objects.filter(email__iexact=tried).exclude(email="").first()
    record(
        CatalogEvent.SIGN_IN_FAILED,
        subject=account or portal,
        by=portal,
        outcome="failure",
        private={"tried": about(account or portal, tried[:_LONGEST_NAME])},
        known=account is not None,
    )
