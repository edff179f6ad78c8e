"""A person's name, job title and e-mail address."""

from django.db import transaction

from audit.personal import name_of
from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.errors import InvalidInput
from catalog.locking import locked
from catalog.models import Identity, IdentityKind, User
from catalog.permissions import PortalPermission, require_portal
from catalog.reach import reevaluate_projects_of
from catalog.standing import refuse_oneself, require_standing_over
from catalog.validation import apply_changes, refusing_duplicates


@transaction.atomic(durable=True)
def change_person(
    person: User,
    *,
    full_name: str | None = None,
    email: str | None = None,
    job_title: str | None = None,
    by: User,
) -> User:
    """Change what is given. Everybody may change their own name and job title.

    A new e-mail address is noted as an identity beside the old one, which stays: commits made under it
    are still theirs.

    Raises:
        NotPermitted: without the portal permission ``manage_people``, or for the own e-mail address.
        InvalidInput: a field does not fit, or the address is somebody else's.
        AlreadyExists: the address is noted as somebody else's identity.
    """
    person = locked(person)
    _permit(person, email=email, by=by)
    changed = apply_changes(
        person, {"full_name": full_name, "email": email, "job_title": job_title}
    )
    if not changed:
        return person
    if "email" in changed:
        _note_address(person)
    person.save(update_fields=changed)
    record(
        CatalogEvent.PERSON_CHANGED,
        subject=person,
        by=by,
        private={"person": name_of(person)},
        # The names of the fields only: what is in them is personal.
        what=", ".join(name.replace("_", " ") for name in changed),
    )
    if "email" in changed:
        reevaluate_projects_of(person)
    return person


def _permit(person: User, *, email: str | None, by: User) -> None:
    if person.pk != by.pk:
        require_portal(PortalPermission.MANAGE_PEOPLE, by)
        require_standing_over(person, by)
    elif email is not None and email != person.email:
        refuse_oneself(person, by, "change your own e-mail address, which tells what you wrote")


def _note_address(person: User) -> None:
    if not person.email:
        return
    others = User.objects.exclude(pk=person.pk)
    if others.filter(email__iexact=person.email).exists():
        raise InvalidInput.of("email", "Somebody else has this e-mail address.")
    known = Identity.objects.filter(kind=IdentityKind.EMAIL, value__iexact=person.email)
    if not known.filter(user=person).exists():
        with refusing_duplicates("email", "This e-mail address is known as somebody else's."):
            Identity.objects.create(user=person, kind=IdentityKind.EMAIL, value=person.email)
