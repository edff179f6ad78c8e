"""A person, a machine or a team gets a role in a project."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from audit.record import record
from catalog.actions.expire_memberships import end_expired
from catalog.audit_events import CatalogEvent
from catalog.errors import AlreadyExists, InvalidInput, NotPermitted
from catalog.grants import ONLY_PEOPLE, sync_grants
from catalog.locking import locked
from catalog.members import describe, private_name
from catalog.models import Environment, Membership, Project, Role, Team, User
from catalog.permissions import Permission, administers, require
from catalog.validation import refusing_duplicates

MANAGING = frozenset(
    permission.codename
    for permission in (
        Permission.MANAGE_PROJECT,
        Permission.MANAGE_MEMBERS,
        Permission.MANAGE_SERVICE_ACCOUNTS,
    )
)


@transaction.atomic(durable=True)
def give_membership(
    project: Project,
    *,
    role: Role,
    user: User | None = None,
    team: Team | None = None,
    environments: Collection[Environment] = (),
    expires_at: datetime | None = None,
    by: User,
) -> Membership:
    """Give a role in the project; no environments means all of them, now and later.

    Raises:
        NotPermitted: without ``manage_members`` there, or for oneself.
        InvalidInput: neither or both of ``user`` and ``team``, an account that may not have the role, an
            environment of another project, or an end that is not in the future.
        AlreadyExists: they have the role there already.
    """
    # Locked in this order everywhere: whoever changes the team or the role meanwhile waits for us.
    user = locked(user) if user else None
    role = locked(role)
    team = locked(team) if team else None
    project = locked(project)
    require(Permission.MANAGE_MEMBERS, by, project)
    _check_member(project, user, team)
    _refuse_oneself(user, team, by)
    _check_account(role, user)
    _check_limits(project, role, environments, expires_at)
    membership = _insert(project, role, user, team, expires_at, by)
    membership.environments.set(environments)
    sync_grants(project)
    record(
        CatalogEvent.MEMBERSHIP_GIVEN,
        subject=project,
        by=by,
        private=private_name(membership),
        limits=_limits(environments, expires_at),
        **describe(membership),
    )
    return membership


def _insert(
    project: Project,
    role: Role,
    user: User | None,
    team: Team | None,
    expires_at: datetime | None,
    by: User,
) -> Membership:
    # Past its date and not swept yet: it holds nothing, and must not stand in the way.
    end_expired(project)
    live = Membership.objects.filter(project=project, role=role, user=user, team=team).live()
    who = user.username if user else f"The team {team}"
    sentence = (
        f"{who} has the role {role.slug} in {project.slug} already; end that membership first."
    )
    if live.exists():
        raise AlreadyExists(sentence, fields={"role": [sentence]})
    with refusing_duplicates("role", sentence):
        return Membership.objects.create(
            project=project, role=role, user=user, team=team, expires_at=expires_at, created_by=by
        )


def _check_member(project: Project, user: User | None, team: Team | None) -> None:
    if (user is None) == (team is None):
        raise InvalidInput.of("user", "Name either a user or a team.")
    if user is None:
        return
    if not user.is_active:
        raise InvalidInput.of("user", f"The account {user.username} is deactivated.")
    if not user.is_person and not user_is_machine_of(user, project):
        raise InvalidInput.of(
            "user", f"{user.username} is no service account of {project.slug}; it acts there only."
        )


def user_is_machine_of(user: User, project: Project) -> bool:
    """Return whether the account is one of the project's service accounts."""
    return project.service_accounts.filter(user=user).exists()


def _refuse_oneself(user: User | None, team: Team | None, by: User) -> None:
    is_me = (user is not None and user.pk == by.pk) or (
        team is not None and team.members.filter(pk=by.pk).exists()
    )
    if is_me and not administers(by):
        raise NotPermitted(
            "You may not give a role to yourself or to a team you are in; somebody else who may give "
            "roles in this project may."
        )


def _check_account(role: Role, user: User | None) -> None:
    if user is None or user.is_person:
        return
    only_people = {permission.codename for permission in ONLY_PEOPLE} & MANAGING
    if held := only_people.intersection(role.permissions):
        raise InvalidInput.of(
            "role",
            f"The role {role.slug} holds {', '.join(sorted(held))}, which is for people, "
            "not for service accounts.",
        )


def _check_limits(
    project: Project,
    role: Role,
    environments: Collection[Environment],
    expires_at: datetime | None,
) -> None:
    if expires_at is not None and expires_at <= timezone.now():
        raise InvalidInput.of("expires_at", "The end must be in the future.")
    foreign = [place.name for place in environments if place.project_id != project.pk]
    if foreign:
        raise InvalidInput.of(
            "environments", f"{', '.join(foreign)}: no environment of {project.slug}."
        )
    if environments and (held := MANAGING.intersection(role.permissions)):
        raise InvalidInput.of(
            "environments",
            f"The role {role.slug} holds {', '.join(sorted(held))}, which is about the whole project "
            "and cannot be limited to environments.",
        )


def _limits(environments: Collection[Environment], expires_at: datetime | None) -> str:
    places = ", ".join(sorted(place.name for place in environments))
    where = f" on {places} only" if places else ""
    until = f" until {expires_at:%Y-%m-%d %H:%M} UTC" if expires_at else ""
    return where + until
