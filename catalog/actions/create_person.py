"""A new account for a person."""

from django.db import transaction

from audit.personal import about, name_of
from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.errors import InvalidInput
from catalog.models import Identity, IdentityKind, User
from catalog.passwords import check_password
from catalog.permissions import PortalPermission, require_portal
from catalog.standing import require_superuser
from catalog.validation import check_fields, refusing_duplicates


@transaction.atomic(durable=True)
def create_person(
    *,
    username: str,
    full_name: str = "",
    email: str = "",
    job_title: str = "",
    password: str | None = None,
    is_superuser: bool = False,
    by: User,
) -> User:
    """Create an account. Without a password it cannot sign in until one is set.

    The e-mail address is also noted as an identity, so that the person's commits are known as theirs, and
    stay known when the address changes.

    Raises:
        NotPermitted: without the portal permission ``manage_people``; superusers are made by superusers.
        InvalidInput: a field does not fit, or the password is too weak.
        AlreadyExists: the user name or the e-mail address is somebody else's.
    """
    require_portal(PortalPermission.MANAGE_PEOPLE, by)
    if is_superuser:
        require_superuser(by, "make a superuser")
    person = User(
        username=username,
        full_name=full_name,
        email=email,
        job_title=job_title,
        is_superuser=is_superuser,
        is_staff=False,
    )
    check_fields(person, "username", "full_name", "email", "job_title")
    if password is not None:
        check_password(password, person)
    person.set_password(password)  # None: no password fits
    with refusing_duplicates("username", f"There is an account {username!r} already."):
        _refuse_taken_address(person)
        person.save(force_insert=True)
    if person.email:
        with refusing_duplicates("email", "This e-mail address is known as somebody else's."):
            Identity.objects.create(user=person, kind=IdentityKind.EMAIL, value=person.email)
    record(
        CatalogEvent.PERSON_CREATED,
        subject=person,
        by=by,
        private={"person": name_of(person), "username": about(person, person.username)},
        superuser=person.is_superuser,
    )
    return person


def _refuse_taken_address(person: User) -> None:
    if person.email and User.objects.filter(email__iexact=person.email).exists():
        raise InvalidInput.of("email", "Somebody else has this e-mail address.")
