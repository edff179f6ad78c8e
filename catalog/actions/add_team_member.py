"""Somebody joins a team, and gets its roles."""

from django.db import transaction

from audit.personal import name_of
from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.errors import AlreadyExists, InvalidInput
from catalog.grants import sync_grants
from catalog.locking import locked, locked_projects
from catalog.models import Team, User
from catalog.permissions import PortalPermission, require_portal
from catalog.reach import projects_of_team
from catalog.standing import refuse_oneself


@transaction.atomic(durable=True)
def add_team_member(team: Team, person: User, *, by: User) -> Team:
    """Add a person to a team, wherever the team has roles.

    Raises:
        NotPermitted: without the portal permission ``manage_people``, or for oneself.
        InvalidInput: the account is no active person's.
        AlreadyExists: they are a member already.
    """
    person = locked(person)
    team = locked(team)
    require_portal(PortalPermission.MANAGE_PEOPLE, by)
    refuse_oneself(person, by, "add yourself to a team, whose roles you would get")
    if not (person.is_person and person.is_active):
        raise InvalidInput.of("user", f"{person.username} is no active person's account.")
    if team.members.filter(pk=person.pk).exists():
        raise AlreadyExists(f"{person.display_name} is in the team {team.slug} already.")
    team.members.add(person)
    sync_grants(*locked_projects(projects_of_team(team)))
    record(
        CatalogEvent.TEAM_MEMBER_ADDED,
        subject=team,
        by=by,
        private={"person": name_of(person)},
        account=person.pseudonym,
    )
    return team
