"""What this app erases of a person: the profile, the names in other systems, tokens, and their authorship."""

from typing import Final

from django.db.models import TextField
from django.db.models.functions import Cast, Lower
from django.utils import timezone

from audit.privacy.erasers import Erased
from audit.privacy.taking import take_field
from catalog.audit_events import CatalogEvent
from catalog.authors import MLFLOW
from catalog.grants import sync_grants
from catalog.locking import locked_projects
from catalog.models import ApiToken, ArtifactVersion, Identity, IdentityKind, User
from catalog.reach import projects_of

_PARTS: Final = ("name", "email", "login", MLFLOW)


def erase(person: User) -> Erased:
    """Leave the pseudonym: an account that nobody can use, and that decisions keep pointing to.

    The pseudonym becomes the author of what the person wrote, so that who may not sign for it stays known.
    """
    known = names_of(person)
    erased = _erase_authorship(person, known)
    tokens = ApiToken.objects.filter(user=person)
    tokens.filter(revoked_at=None).update(revoked_at=timezone.now())
    identities, _ = Identity.objects.filter(user=person).delete()
    Identity.objects.create(user=person, kind=IdentityKind.SCM_LOGIN, value=person.pseudonym)
    erased.counts |= {
        "tokens": tokens.update(name="(erased)"),
        "identities": identities,
        "profile": 1,
    }
    _erase_profile(person)
    sync_grants(*locked_projects(projects_of(person)))
    return erased


def names_of(person: User) -> set[str]:
    """Return under which names commits and models carry the person, in lower case; their own name is none."""
    values = Identity.objects.filter(user=person).values_list("value", flat=True)
    return {value.casefold() for value in (*values, person.email) if value}


def _erase_authorship(person: User, known: set[str]) -> Erased:
    erased = Erased({"authorships": 0})
    for version in _perhaps_written_by(known):
        authors = [
            {"login": person.pseudonym}
            if known & {author.get(part, "").casefold() for part in _PARTS}
            else author
            for author in version.authors
        ]
        if authors != version.authors:
            version.authors = authors
            version.save(update_fields=["authors"])
            erased.counts["authorships"] += 1
            registered = str(CatalogEvent.ARTIFACT_VERSION_REGISTERED)
            erased.taken += take_field(version.audit_stream, registered, "authors")
    return erased


def _perhaps_written_by(known: set[str]) -> list[ArtifactVersion]:
    as_text = ArtifactVersion.objects.annotate(told=Lower(Cast("authors", TextField())))
    found: dict[int, ArtifactVersion] = {}
    for name in sorted(known):
        found |= {version.pk: version for version in as_text.filter(told__contains=name)}
    return [found[pk] for pk in sorted(found)]


def _erase_profile(person: User) -> None:
    person.username = person.pseudonym
    for field in ("first_name", "last_name", "full_name", "email", "job_title"):
        setattr(person, field, "")
    person.is_active = False
    person.is_superuser = False
    person.last_login = None
    person.erased_at = timezone.now()
    # Every session is bound to the password's hash.
    person.set_unusable_password()
    person.save()
    person.user_permissions.clear()
