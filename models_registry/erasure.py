"""What this app erases of a person: what they wrote, and the names under which they made models."""

from typing import Any

from django.db.models import Q, TextField
from django.db.models.functions import Cast, Lower

from audit.privacy.erasers import Erased
from audit.privacy.taking import take_field
from audit.sentences import ERASED
from catalog.erasure import names_of
from catalog.models import User
from models_registry.audit_events import ModelEvent
from models_registry.models import Finding, ModelVersion, RetrainingRequest

_ROLES = ("trained_by", "registered_by")


def erase(person: User) -> Erased:
    """That a finding was settled or a training asked for stays, without the words.

    Of models the pseudonym takes the name's place.
    What is taken in of MLflow later holds the name again, unless it is erased there, too.
    """
    settled = Finding.objects.filter(settled_by=person).exclude(comment="")
    comments = settled.update(comment=ERASED)
    erased = Erased({"comments": comments, "models": 0, "reasons": _reasons_of(person)})
    known = names_of(person)
    for version in _perhaps_made_by(known):
        changed = _renamed(version, known, person.pseudonym)
        if changed:
            version.save(update_fields=changed)
            erased.counts["models"] += 1
        for role in set(changed).intersection(_ROLES):
            taken_in = str(ModelEvent.VERSION_TAKEN_IN)
            erased.taken += take_field(version.audit_stream, taken_in, role)
    return erased


def _reasons_of(person: User) -> int:
    asked = RetrainingRequest.objects.filter(requested_by=person)
    asked.exclude(override="").update(override=ERASED)
    return asked.exclude(reason=ERASED).update(reason=ERASED)


def _perhaps_made_by(known: set[str]) -> list[ModelVersion]:
    rows = ModelVersion.objects.annotate(
        trainer=Lower("trained_by"),
        registrar=Lower("registered_by"),
        tagged=Lower(Cast("run_tags", TextField())),
    )
    named = Q(trainer__in=known) | Q(registrar__in=known)
    for name in known:
        named |= Q(tagged__contains=name)
    return list(rows.filter(named).order_by("pk")) if known else []


def _renamed(version: ModelVersion, known: set[str], pseudonym: str) -> list[str]:
    """Put the pseudonym where the name is; return the fields in which it was."""
    changed = [role for role in _ROLES if getattr(version, role).casefold() in known]
    for role in changed:
        setattr(version, role, pseudonym)
    tags: dict[str, Any] = {
        key: pseudonym if str(said).casefold() in known else said
        for key, said in version.run_tags.items()
    }
    if tags != version.run_tags:
        version.run_tags = tags
        changed.append("run_tags")
    return changed
