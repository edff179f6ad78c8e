"""What this app erases of a person: what they wrote on requests and signatures, and their name there."""

from typing import Any

from django.db.models import Q

from audit.privacy.erasers import Erased
from audit.sentences import ERASED
from catalog.models import User
from releases.models import (
    AccessDecision,
    AccessReview,
    Approval,
    CardReview,
    CardRevision,
    ChangeRequest,
    GateResult,
)


def erase(person: User) -> Erased:
    """Signatures and requests stay, as the pseudonym's; what was typed, and the names, go."""
    asked = ChangeRequest.objects.filter(requested_by=person).exclude(reason=ERASED)
    signed = Approval.objects.filter(person=person)
    comments = signed.exclude(comment="").count()
    signed.exclude(comment="").update(comment=ERASED)
    counts = {
        "reasons": asked.update(reason=ERASED),
        "comments": comments,
        "names under signatures": signed.update(person_name=ERASED),
        "texts in access reviews": _erase_in_reviews(person),
        "texts about model cards": _erase_about_cards(person),
        "mentions": _erase_in_rules(person) + _erase_in_gates(person),
    }
    return Erased(counts)


def _erase_in_reviews(person: User) -> int:
    """Erase what was typed in reviews of access. What was signed has pseudonyms and commitments, and stays.

    Without its salt nobody can try out what a note may have been.
    """
    reviews = AccessReview.objects.filter(owner=person).exclude(comment__in=["", ERASED])
    about = Q(decided_by=person) | Q(account=person)
    notes = AccessDecision.objects.filter(about).exclude(note__in=["", ERASED])
    return reviews.update(comment=ERASED) + notes.update(note=ERASED, note_salt=b"")


def _erase_about_cards(person: User) -> int:
    """Erase what was typed beside cards. What a card says is about the model, and stays."""
    notes = CardRevision.objects.filter(saved_by=person).exclude(note__in=["", ERASED])
    reviews = CardReview.objects.filter(reviewed_by=person)
    return (
        notes.update(note=ERASED)
        + reviews.exclude(comment__in=["", ERASED]).update(comment=ERASED)
        + reviews.exclude(reason__in=["", ERASED]).update(reason=ERASED)
    )


def _erase_in_rules(person: User) -> int:
    """Erase who signed and who could have, as it was kept for readers."""
    mentioned = 0
    asked = Q()
    for who in ("eligible", "signed_by"):
        asked |= Q(rules__contains=[{who: [{"username": person.username}]}])
    for change_request in ChangeRequest.objects.filter(asked):
        rules = _renamed(change_request.rules, person)
        ChangeRequest.objects.filter(pk=change_request.pk).update(rules=rules)
        mentioned += 1
    return mentioned


def _renamed(document: Any, person: User) -> Any:
    if isinstance(document, dict):
        if document.get("username") == person.username:
            return document | {"username": person.pseudonym, "name": person.pseudonym}
        return {key: _renamed(value, person) for key, value in document.items()}
    if isinstance(document, list):
        return [_renamed(value, person) for value in document]
    return document


def _erase_in_gates(person: User) -> int:
    """Erase full names and addresses in what gates said; user names are common words too often."""
    mentioned = 0
    for name in {person.full_name, person.email} - {""}:
        for field in ("detail", "satisfied_by"):
            for result in GateResult.objects.filter(**{f"{field}__icontains": name}):
                said = getattr(result, field).replace(name, person.pseudonym)
                GateResult.objects.filter(pk=result.pk).update(**{field: said})
                mentioned += 1
    return mentioned
