"""The demo's personal data: somebody who left is erased, somebody else is to be, and a matter is held."""

from collections.abc import Mapping
from typing import Final

from audit.privacy.models import Erasure, ErasureBasis, HoldKind
from catalog.actions.add_identity import add_identity
from catalog.actions.confirm_erasure import confirm_erasure
from catalog.actions.create_person import create_person
from catalog.actions.deactivate_person import deactivate_person
from catalog.actions.erase_person import erase_person
from catalog.actions.give_membership import give_membership
from catalog.actions.place_hold import place_hold
from catalog.actions.request_erasure import request_erasure
from catalog.models import IdentityKind, Project, Role, User
from portal.demo.cast import DOMAIN
from releases.models import ChangeRequest

LEAVERS: Final = (
    ("jonas", "Jonas Weber", "Engineer", "jweber"),
    ("petra", "Petra Novak", "Contractor", "pnovak"),
)


def hire_leavers(project: Project, people: dict[str, User]) -> None:
    """Add those who will leave; nobody signs in as them, so they have no password."""
    admin = people["admin"]
    developer = Role.objects.get(slug="developer")
    for username, full_name, job_title, login in LEAVERS:
        person = create_person(
            username=username,
            full_name=full_name,
            email=f"{username}@{DOMAIN}",
            job_title=job_title,
            by=admin,
        )
        add_identity(person, kind=IdentityKind.SCM_LOGIN, value=login, by=admin)
        give_membership(project, role=developer, user=person, by=admin)
        people[username] = person


def let_them_leave(people: Mapping[str, User]) -> None:
    """Deactivate them: nothing is deleted by that."""
    for username, *_ in LEAVERS:
        deactivate_person(people[username], by=people["admin"])


def hold(request: ChangeRequest, people: Mapping[str, User]) -> None:
    """Keep everything about a request: somebody asked what was decided there."""
    place_hold(
        kind=HoldKind.CHANGE_REQUEST,
        about=str(request.number),
        reason="Matter 2026-14: why instant transfers did not go live before quarter-end.",
        by=people["rashid"],
    )


def ask_to_erase(person: User, basis: ErasureBasis, people: Mapping[str, User]) -> Erasure:
    """Ask; it waits for a second person."""
    return request_erasure(person, basis=basis, by=people["rashid"])


def confirm_and_erase(erasure: Erasure, people: Mapping[str, User]) -> None:
    """Confirm it, and carry it out; a worker adds the receipt once that is signed."""
    confirm_erasure(erasure.pk, by=people["admin"])
    erase_person(erasure.pk)
