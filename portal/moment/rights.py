"""Who might do what in an environment at a moment."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.db.models import Q

from audit.models import Event
from audit.names import EventName
from catalog.audit_events import CatalogEvent
from catalog.grants import ONLY_PEOPLE
from catalog.models import Environment, Role, User, UserKind
from catalog.permissions import ENVIRONMENT_PERMISSIONS, TITLES, Permission
from portal.moment.history import History, data_of, object_id

ASKED: Final = (
    Permission.APPROVE_CHANGE,
    Permission.DEPLOY,
    Permission.SUBMIT_CHANGE,
    Permission.ACTIVATE_POLICY,
    Permission.MANAGE_PROJECT,
    Permission.MANAGE_MEMBERS,
    Permission.MANAGE_SERVICE_ACCOUNTS,
    Permission.VIEW_AUDIT,
)
"""The rights that are shown, the weightiest first."""

_MEMBERSHIPS: Final = (
    CatalogEvent.PROJECT_CREATED,
    CatalogEvent.MEMBERSHIP_GIVEN,
    CatalogEvent.MEMBERSHIP_ENDED,
    CatalogEvent.MEMBERSHIP_EXPIRED,
)
_TEAMS: Final = (CatalogEvent.TEAM_MEMBER_ADDED, CatalogEvent.TEAM_MEMBER_REMOVED)
_ACCOUNTS: Final = (
    CatalogEvent.PERSON_DEACTIVATED,
    CatalogEvent.PERSON_REACTIVATED,
    CatalogEvent.SERVICE_ACCOUNT_DEACTIVATED,
)


@dataclass(frozen=True)
class Membership:
    """A role that somebody had in the project.

    Attributes:
        account: pseudonym; empty for a team's.
        team: slug; empty for an account's.
        environments: names; none means all.
        event: the entry that gave it.
    """

    account: str
    team: str
    role: str
    environments: Sequence[str]
    expires_at: str | None
    event: Event

    def holds_in(self, environment: str, permission: Permission) -> bool:
        """Whether its verbs are about this environment, or about the whole project."""
        if permission not in ENVIRONMENT_PERMISSIONS:
            return True
        return not self.environments or environment in self.environments


@dataclass(frozen=True)
class Holder:
    """Somebody who had a right, and by what."""

    name: str
    pseudonym: str
    kind: str
    membership: Membership


@dataclass(frozen=True)
class Right:
    """A right, and who had it."""

    permission: Permission
    holders: Sequence[Holder]

    @property
    def title(self) -> str:
        """What those could do."""
        return TITLES[self.permission]


@dataclass(frozen=True)
class _Members:
    """Who the memberships were about: people in teams, active accounts, the verbs of roles."""

    teams: Mapping[str, Iterable[str]]
    accounts: Mapping[str, User]
    verbs: Mapping[str, Iterable[str]]

    def of(self, membership: Membership) -> Iterator[User]:
        pseudonyms = (
            self.teams.get(membership.team, ()) if membership.team else [membership.account]
        )
        return (self.accounts[each] for each in pseudonyms if each in self.accounts)

    def hold(self, user: User, membership: Membership, permission: Permission) -> bool:
        if permission in ONLY_PEOPLE and user.kind != UserKind.PERSON:
            return False
        return permission.codename in self.verbs.get(membership.role, ())


def rights_in(environment: Environment, history: History) -> list[Right]:
    """Return who had which right, from the entries; as many queries for any number of people."""
    live = _memberships(history)
    members = _members(live, history)
    return [
        Right(permission, _holders(environment.name, permission, live, members, history))
        for permission in ASKED
    ]


def administrators(history: History) -> list[User]:
    """Return the accounts that administer the portal now and existed then: they may do all but sign."""
    found = User.objects.filter(is_superuser=True, is_active=True, date_joined__lte=history.at)
    return list(found.order_by("username"))


def _holders(
    environment: str,
    permission: Permission,
    live: Sequence[Membership],
    members: _Members,
    history: History,
) -> list[Holder]:
    found: dict[str, Holder] = {}
    for membership in live:
        if not membership.holds_in(environment, permission):
            continue
        for user in members.of(membership):
            if user.pseudonym not in found and members.hold(user, membership, permission):
                kept = replace(membership, event=history.kept(membership.event))
                found[user.pseudonym] = Holder(user.display_name, user.pseudonym, user.kind, kept)
    return sorted(found.values(), key=lambda holder: (holder.name, holder.pseudonym))


# ── memberships ──────────────────────────────────────────────────────────────────────────────────


def _memberships(history: History) -> list[Membership]:
    """Return those in force at the moment; one query."""
    live: dict[Any, Membership] = {}
    events = history.events(*_MEMBERSHIPS).filter(project=history.project).order_by("pk")
    for event in history.sound(events):
        data = data_of(event)
        if event.type == CatalogEvent.PROJECT_CREATED:
            if data.get("first_role"):
                # Whoever makes a project gets its first role, without a further entry.
                first = Membership(event.actor, "", data["first_role"], (), None, event)
                live.setdefault("first", first)
        elif event.type == CatalogEvent.MEMBERSHIP_GIVEN:
            live[data["membership"]] = _given(event, data)
        else:
            _end(live, data)
    return [each for each in live.values() if not _has_run_out(each, history.at)]


def _given(event: Event, data: Mapping[str, Any]) -> Membership:
    return Membership(
        data.get("account") or "",
        data.get("team") or "",
        data["role"],
        tuple(data.get("environments") or ()),
        data.get("expires_at"),
        event,
    )


def _end(live: dict[Any, Membership], data: Mapping[str, Any]) -> None:
    if live.pop(data["membership"], None) is not None:
        return
    first = live.get("first")
    if first and (first.account, first.role) == (data.get("account"), data["role"]):
        del live["first"]


def _has_run_out(membership: Membership, at: datetime) -> bool:
    return bool(membership.expires_at) and datetime.fromisoformat(str(membership.expires_at)) <= at


# ── who they were about ──────────────────────────────────────────────────────────────────────────


def _members(live: Sequence[Membership], history: History) -> _Members:
    teams = _teams({each.team for each in live if each.team}, history)
    pseudonyms = {each.account for each in live if each.account}
    pseudonyms.update(one for members in teams.values() for one in members)
    return _Members(
        teams, _active(pseudonyms, history), _verbs({each.role for each in live}, history)
    )


def _teams(slugs: set[str], history: History) -> dict[str, set[str]]:
    """Return who was in each team; one query."""
    found: dict[str, set[str]] = {slug: set() for slug in slugs}
    events = history.events(*_TEAMS).filter(facts__object__label__in=slugs).order_by("pk")
    for event in history.sound(events):
        members = found[event.facts["object"]["label"]]
        if event.type == CatalogEvent.TEAM_MEMBER_ADDED:
            members.add(data_of(event)["account"])
        else:
            members.discard(data_of(event)["account"])
    return found


def _active(pseudonyms: set[str], history: History) -> dict[str, User]:
    """Return the accounts that were active; two queries."""
    users = {user.pseudonym: user for user in User.objects.filter(pseudonym__in=pseudonyms)}
    inactive: set[str] = set()
    own = Q(stream__in=[user.audit_stream for user in users.values()])
    machines = Q(project=history.project, type=CatalogEvent.SERVICE_ACCOUNT_DEACTIVATED)
    events = history.events(*_ACCOUNTS).filter(own | machines).order_by("pk")
    for event in history.sound(events):
        pseudonym = data_of(event).get("account_id") or str(object_id(event))
        if event.type == CatalogEvent.PERSON_REACTIVATED:
            inactive.discard(pseudonym)
        else:
            inactive.add(pseudonym)
    return {pseudonym: user for pseudonym, user in users.items() if pseudonym not in inactive}


def _verbs(slugs: set[str], history: History) -> dict[str, Iterable[str]]:
    """Return the verbs of each role as they were: today's, with every later change undone; two queries."""
    found: dict[str, Iterable[str]] = {
        role.slug: role.permissions for role in Role.objects.filter(slug__in=slugs)
    }
    changes: list[EventName] = [CatalogEvent.ROLE_CHANGED]
    later = history.later(*changes).filter(facts__object__label__in=slugs).order_by("-pk")
    for event in history.sound(later):
        changed = data_of(event)["changed"].get("permissions")
        if changed:
            found[event.facts["object"]["label"]] = changed[0]
    return found
