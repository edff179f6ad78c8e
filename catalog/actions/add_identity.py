"""A name under which commits, runs and models carry a person as their author."""

from django.db import transaction

from audit.personal import about, name_of
from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.errors import AlreadyExists, InvalidInput
from catalog.locking import locked
from catalog.models import Identity, IdentityKind, User
from catalog.permissions import PortalPermission, require_portal
from catalog.reach import reevaluate_projects_of
from catalog.standing import refuse_oneself, require_standing_over
from catalog.validation import check_fields, refusing_duplicates


@transaction.atomic(durable=True)
def add_identity(person: User, *, kind: str, value: str, by: User) -> Identity:
    """Note an identity. It decides who may not sign what, so nobody notes their own.

    Raises:
        NotPermitted: without the portal permission ``manage_people``, or for the own account.
        InvalidInput: a field does not fit.
        AlreadyExists: it is somebody's identity already.
    """
    person = locked(person)
    require_portal(PortalPermission.MANAGE_PEOPLE, by)
    require_standing_over(person, by)
    refuse_oneself(person, by, "decide under which names your own work is known")
    identity = Identity(user=person, kind=kind, value=value)
    check_fields(identity, "kind", "value")
    if kind == IdentityKind.EMAIL:
        _check_address(identity.value)
    taken = "This identity is noted already, here or for somebody else."
    if kind == IdentityKind.EMAIL and _is_anothers_address(identity):
        raise AlreadyExists(taken, fields={"value": [taken]})
    with refusing_duplicates("value", taken):
        identity.save(force_insert=True)
    record(
        CatalogEvent.IDENTITY_ADDED,
        subject=person,
        by=by,
        private={"person": name_of(person), "identity": about(person, identity.value)},
        kind=identity.kind,
    )
    reevaluate_projects_of(person)
    return identity


def _check_address(value: str) -> None:
    # No more than this: commits carry addresses such as build@runner-7, that no mail could reach.
    name, at, host = value.rpartition("@")
    if not (name and at and host):
        raise InvalidInput.of(
            "value", "An e-mail address has a name, an @ and a host, as in priya@example.com."
        )


def _is_anothers_address(identity: Identity) -> bool:
    others = User.objects.exclude(pk=identity.user_id)
    return others.filter(email__iexact=identity.value).exists()
