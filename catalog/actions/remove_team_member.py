"""Somebody leaves a team, and loses the roles they had through it."""

from django.db import transaction

from audit.personal import name_of
from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.errors import NotFound
from catalog.grants import sync_grants
from catalog.locking import locked, locked_projects
from catalog.models import Team, User
from catalog.permissions import PortalPermission, require_portal
from catalog.reach import projects_of_team


@transaction.atomic(durable=True)
def remove_team_member(team: Team, person: User, *, by: User) -> Team:
    """Take a person out of a team.

    Raises:
        NotPermitted: without the portal permission ``manage_people``.
        NotFound: they are no member.
    """
    person = locked(person)
    team = locked(team)
    require_portal(PortalPermission.MANAGE_PEOPLE, by)
    if not team.members.filter(pk=person.pk).exists():
        raise NotFound(f"{person.display_name} is not in the team {team.slug}.")
    team.members.remove(person)
    sync_grants(*locked_projects(projects_of_team(team)))
    record(
        CatalogEvent.TEAM_MEMBER_REMOVED,
        subject=team,
        by=by,
        private={"person": name_of(person)},
        account=person.pseudonym,
    )
    return team
