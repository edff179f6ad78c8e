"""Carry an erasure out: everything in one transaction, with its event. The receipt follows by itself.

A worker that dies leaves all of it or nothing. Of what is committed, the receipt is made by whoever finds
the row (``audit.privacy.receipts``).
"""

from collections import Counter
from hashlib import sha256

from django.db import connection, transaction
from django.utils import timezone

from audit.privacy import subject_keys
from audit.privacy.erasers import erasers
from audit.privacy.events import PrivacyEvent
from audit.privacy.holds import holds_on, keep_holds_as_they_are, sentence_of
from audit.privacy.models import Erasure, ErasureBasis
from audit.privacy.states import ErasureState, ErasureVerb, next_state
from audit.privacy.taking import Taken, destroy_key, listing_of, packed, take_all_of
from audit.record import record
from catalog.erasures import locked_erasure
from catalog.locking import locked
from catalog.models import User, the_portal
from catalog.nudges import nudge
from catalog.reach import reevaluate_projects_of

PROVE = "audit.prove_erasure"


@transaction.atomic(durable=True)
def erase_person(erasure_id: int) -> Erasure:
    """Erase what was confirmed. A late or repeated call does no harm; a legal hold makes it wait."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '30min'")
    erasure = locked_erasure(erasure_id)
    state = next_state(erasure.state, ErasureVerb.ERASE)
    if state is None:
        return erasure
    person = locked(erasure.account)
    keep_holds_as_they_are()
    if holds := holds_on(erasure.subject):
        erasure.waits_for = sentence_of(holds)
        erasure.save(update_fields=["waits_for"])
        return erasure
    erasure.state, erasure.waits_for, erasure.erased_at = state, "", timezone.now()
    _erase(erasure, person)
    erasure.save()
    nudge(PROVE, erasure.pk)
    return erasure


def _erase(erasure: Erasure, person: User) -> None:
    reevaluate_projects_of(person)
    taken: list[Taken] = take_all_of(erasure.subject)
    counts: Counter[str] = Counter()
    for erase in erasers():
        erased = erase(person)
        counts.update(erased.counts)
        taken += erased.taken
    destroy_key(erasure.subject)
    transaction.on_commit(lambda: subject_keys.forget(erasure.subject))
    listing = listing_of(taken)
    erasure.counts = {what: number for what, number in sorted(counts.items()) if number}
    erasure.listing, erasure.listing_sha256 = packed(listing), sha256(listing).hexdigest()
    receipt = record(
        PrivacyEvent.ERASED,
        subject=erasure,
        by=the_portal(),
        subject_id=erasure.subject,
        basis=erasure.basis,
        requested_by=erasure.requested_by.pseudonym,
        confirmed_by=erasure.confirmed_by.pseudonym if erasure.confirmed_by else None,
        commitments=listing.count(b"\n"),
        commitments_sha256=erasure.listing_sha256,
        counts=erasure.counts,
    )
    erasure.event = receipt.event_id


def erase_what_came_back() -> int:
    """Erase again whom the log says to be erased and whose key is there: a restore brought it back.

    Returns:
        How many there were.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CAME_BACK)
        subjects = [subject for (subject,) in cursor.fetchall()]
    for subject in subjects:
        if erasure := _renew(subject):
            erase_person(erasure.pk)
    return len(subjects)


_CAME_BACK = """
SELECT DISTINCT k.subject FROM audit_event e
JOIN audit_subjectkey k ON k.subject = e.facts #>> '{data,subject_id}'
WHERE e.type = 'audit.erased' AND k.wrapped IS NOT NULL
"""


@transaction.atomic(durable=True)
def _renew(subject: str) -> Erasure | None:
    person = User.objects.select_for_update(no_key=True).filter(pseudonym=subject).first()
    if person is None:
        # Nobody of that name came back, only the key.
        destroy_key(subject)
        return None
    portal = the_portal()
    open_states = [ErasureState.REQUESTED, ErasureState.CONFIRMED]
    erasure = Erasure.objects.filter(subject=subject, state__in=open_states).first()
    if erasure is None:
        erasure = Erasure(account=person, subject=subject, requested_by=portal)
        erasure.basis = ErasureBasis.OBLIGATION
    elif erasure.renewed:
        return erasure
    erasure.state, erasure.renewed = ErasureState.CONFIRMED, True
    erasure.confirmed_by, erasure.confirmed_at = portal, timezone.now()
    erasure.save()
    record(PrivacyEvent.ERASURE_RENEWED, subject=erasure, by=portal, subject_id=subject)
    return erasure
