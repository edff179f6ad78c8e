"""Ask for the erasure of a person's data."""

from django.db import transaction

from audit.personal import name_of
from audit.privacy.events import PrivacyEvent
from audit.privacy.holds import holds_on, keep_holds_as_they_are, sentence_of
from audit.privacy.models import Erasure, ErasureBasis
from audit.privacy.states import ErasureState
from audit.record import record
from catalog.errors import AlreadyExists, Held, InvalidInput
from catalog.locking import locked
from catalog.models import User
from catalog.permissions import PortalPermission, require_portal
from catalog.standing import require_standing_over


@transaction.atomic(durable=True)
def request_erasure(person: User, *, basis: str, by: User) -> Erasure:
    """Ask; somebody else with the same permission confirms, and a worker carries it out.

    Raises:
        NotPermitted: without the portal permission ``manage_privacy``, or for a superuser's account.
        InvalidInput: the basis is none of Article 17, or the account is ``by``'s own.
        WrongMoment: it was erased before.
        AlreadyExists: it is asked for already.
        Held: a legal hold keeps the data.
    """
    person = locked(person)
    require_portal(PortalPermission.MANAGE_PRIVACY, by)
    require_standing_over(person, by)
    if person.pk == by.pk:
        raise InvalidInput.of(
            "person", "Nobody erases their own account; somebody else asks for it."
        )
    if basis not in ErasureBasis.values:
        raise InvalidInput.of("basis", f"The basis is one of {', '.join(ErasureBasis.values)}.")
    refuse_held(person)
    open_states = [ErasureState.REQUESTED, ErasureState.CONFIRMED]
    if Erasure.objects.filter(subject=person.pseudonym, state__in=open_states).exists():
        raise AlreadyExists("The erasure of this person's data is asked for already.")
    erasure = Erasure.objects.create(
        account=person, subject=person.pseudonym, basis=basis, requested_by=by
    )
    record(
        PrivacyEvent.ERASURE_REQUESTED,
        subject=erasure,
        by=by,
        private={"person": name_of(person)},
        subject_id=person.pseudonym,
        basis=basis,
        why=ErasureBasis(basis).label.lower(),
    )
    return erasure


def refuse_held(person: User) -> None:
    """Refuse while a legal hold keeps the person's data; no hold is placed until the transaction ends.

    Raises:
        Held: says which hold, and what would clear it.
    """
    keep_holds_as_they_are()
    if holds := holds_on(person.pseudonym):
        raise Held(sentence_of(holds))
