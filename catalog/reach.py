"""Which projects a change concerns."""

from django.db.models import Q, QuerySet

from catalog.models import Membership, Role, Team, User
from catalog.nudges import REEVALUATE_PROJECT, nudge


def projects_of(account: User) -> QuerySet[Membership, int]:
    """Return the ids of the projects where the account has a role, by itself or through a team."""
    own = Q(user=account) | Q(team__members=account)
    return _projects(Membership.objects.filter(own, ended_at=None))


def reevaluate_projects_of(account: User) -> None:
    """Let what waits where the account may sign be looked at again: who wrote it may read otherwise now."""
    for project_id in projects_of(account):
        nudge(REEVALUATE_PROJECT, project_id)


def projects_of_team(team: Team) -> QuerySet[Membership, int]:
    """Return the ids of the projects where the team has a role."""
    return _projects(Membership.objects.filter(team=team, ended_at=None))


def projects_with_role(role: Role) -> QuerySet[Membership, int]:
    """Return the ids of the projects where somebody has the role."""
    return _projects(Membership.objects.filter(role=role, ended_at=None))


def holders_of(role: Role) -> QuerySet[User]:
    """Return who has the role anywhere, by themselves or through a team."""
    direct = Q(memberships__role=role, memberships__ended_at=None)
    by_team = Q(teams__memberships__role=role, teams__memberships__ended_at=None)
    return User.objects.filter(direct | by_team)


def _projects(memberships: QuerySet[Membership]) -> QuerySet[Membership, int]:
    return memberships.values_list("project_id", flat=True).distinct()
