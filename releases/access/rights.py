"""Every right that somebody holds in a project: what it allows where, how they got it, when it was used.

A right is one membership of one account (its own, or its team's), a portal permission that reaches into
every project, or a superuser's standing. It is derived when it is asked for; nothing here is stored.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.contrib.auth.models import Permission as PermissionRow
from django.db.models import Max, Q

from audit.models import Event
from audit.times import in_utc
from catalog.grants import ONLY_PEOPLE
from catalog.models import Environment, Membership, Project, Team, User
from catalog.permissions import Permission, PortalPermission
from releases.models import PolicyActivation
from releases.policy_document import ApprovalRule, Policy

EDIT_POLICIES: Final = PortalPermission.EDIT_POLICIES.value.partition(".")[2]
MANAGE_PEOPLE: Final = PortalPermission.MANAGE_PEOPLE.value.partition(".")[2]
PORTAL_TITLES: Final = {
    EDIT_POLICIES: "Writes policies",
    MANAGE_PEOPLE: "Manages people, teams and roles",
}

POWERS: Final[Mapping[str, str]] = {
    Permission.SUBMIT_CHANGE.codename: "asks",
    Permission.APPROVE_CHANGE.codename: "signs",
    Permission.DEPLOY.codename: "deploys",
    Permission.ACTIVATE_POLICY.codename: "chooses the policy",
    EDIT_POLICIES: "writes policies",
    Permission.MANAGE_PROJECT.codename: "administers",
    Permission.MANAGE_MEMBERS.codename: "gives roles",
    Permission.MANAGE_SERVICE_ACCOUNTS.codename: "gives tokens",
    MANAGE_PEOPLE: "manages people",
    Permission.REGISTER_ARTIFACT.codename: "builds",
    Permission.SEAL_RELEASE.codename: "seals",
    Permission.ADD_EVIDENCE.codename: "reports",
    Permission.VIEW_AUDIT.codename: "audits",
    Permission.VIEW_PROJECT.codename: "looks",
}
"""A word for each verb, the ones that weigh most first."""

_USES: Final[Mapping[str, Collection[str]]] = {
    Permission.SUBMIT_CHANGE.codename: {"releases.submitted", "releases.withdrawn"},
    Permission.APPROVE_CHANGE.codename: {"releases.approved", "releases.rejected"},
    Permission.DEPLOY.codename: {"deployments.attested", "deployments.reported"},
    Permission.ACTIVATE_POLICY.codename: {"releases.policy_activated"},
    EDIT_POLICIES: {
        "releases.policy_created",
        "releases.policy_version_saved",
        "releases.policy_published",
    },
    Permission.MANAGE_PROJECT.codename: {
        "catalog.project_changed",
        "catalog.environment_created",
        "catalog.environment_changed",
        "deployments.target_set",
        "deployments.binding_added",
        "deployments.binding_removed",
    },
    Permission.MANAGE_MEMBERS.codename: {"catalog.membership_given", "catalog.membership_ended"},
    Permission.MANAGE_SERVICE_ACCOUNTS.codename: {
        "catalog.service_account_created",
        "catalog.service_account_deactivated",
        "catalog.token_issued",
        "catalog.token_revoked",
    },
    MANAGE_PEOPLE: {
        "catalog.person_created",
        "catalog.person_changed",
        "catalog.person_deactivated",
        "catalog.team_created",
        "catalog.team_member_added",
        "catalog.team_member_removed",
        "catalog.role_created",
        "catalog.role_changed",
    },
    Permission.REGISTER_ARTIFACT.codename: {"catalog.artifact_version_registered"},
    Permission.SEAL_RELEASE.codename: {"releases.sealed"},
    Permission.ADD_EVIDENCE.codename: {"releases.evidence_added"},
}
"""The events that show a verb in use."""

_NOT_FOR_MACHINES: Final = frozenset(each.codename for each in ONLY_PEOPLE)
_NOT_BY_STANDING: Final = frozenset({Permission.APPROVE_CHANGE.codename})


class Way(StrEnum):
    """How somebody got a right."""

    DIRECT = "direct"
    TEAM = "team"
    PORTAL = "portal"
    SUPERUSER = "superuser"


@dataclass(frozen=True, kw_only=True)
class Right:
    """One right of one account.

    Attributes:
        role: the role's slug, the portal permission, or ``superuser``.
        title: its name for people.
        team: through which, if through one.
        membership: whose end would end it, if it comes from one.
        verbs: codenames, as the role names them: a machine's role may name more than a machine holds.
        environments: where those of its verbs that belong to environments hold.
        until: when it ends by itself.
        given_by: the name of who gave it; empty when no membership says.
        counts_for: approval rules for which its holder counts by it: ``Security in production``.
        last_used: when an event last showed one of its verbs in use, in this project or for all of them.
    """

    account: User
    way: Way
    role: str
    title: str
    verbs: frozenset[str]
    environments: tuple[str, ...]
    team: Team | None = None
    membership: Membership | None = None
    until: datetime | None = None
    given_at: datetime | None = None
    given_by: str = ""
    counts_for: tuple[str, ...] = ()
    last_used: datetime | None = None

    @property
    def key(self) -> str:
        """Its name in decisions: the same as long as it is the same right."""
        what = f"membership-{self.membership.pk}" if self.membership else f"{self.way}-{self.role}"
        return f"{what}.{self.account.pseudonym}"

    @property
    def held(self) -> frozenset[str]:
        """The verbs that its holder really has by it."""
        return self.verbs if self.account.is_person else self.verbs - _NOT_FOR_MACHINES

    @property
    def powers(self) -> list[str]:
        """What it allows, in a word each."""
        return [word for verb, word in POWERS.items() if verb in self.held]

    @property
    def how(self) -> str:
        """How they got it, in words."""
        if self.way == Way.TEAM:
            return f"through the team {self.team}"
        if self.way == Way.DIRECT:
            return f"given by {self.given_by}" if self.given_by else "given"
        return "for the whole portal"

    @property
    def document(self) -> dict[str, Any]:
        """It as JSON, with its holder by the pseudonym."""
        return {
            "key": self.key,
            "account": self.account.pseudonym,
            "kind": str(self.account.kind),
            "way": str(self.way),
            "role": self.role,
            "title": self.title,
            "team": self.team.slug if self.team else None,
            "environments": list(self.environments),
            "until": in_utc(self.until),
            "verbs": sorted(self.held),
            "counts_for": list(self.counts_for),
        }


@dataclass(frozen=True)
class Place:
    """An environment with the approval rules in force there."""

    environment: Environment
    rules: tuple[ApprovalRule, ...]


def places_of(project: Project) -> list[Place]:
    """Return the environments along the path, each with its rules; two queries."""
    environments = list(project.environments.order_by("position"))
    activations = PolicyActivation.objects.filter(
        environment__in=environments, ended_at=None
    ).select_related("policy_version")
    rules = {
        each.environment_id: Policy.from_document(each.policy_version.document).approvals
        for each in activations
    }
    return [Place(each, rules.get(each.pk, ())) for each in environments]


def rights_in(project: Project, places: Sequence[Place]) -> list[Right]:
    """Return every right in force, by the names of their holders; a constant number of queries."""
    found = [
        *_by_membership(project, places),
        *_by_portal_permission(places),
        *_by_standing(places),
    ]
    used = _last_uses(project, {right.account.pseudonym for right in found})
    return sorted(
        (_with_use(right, used) for right in found),
        key=lambda right: (right.account.display_name.casefold(), right.account.pk, right.key),
    )


def _by_membership(project: Project, places: Sequence[Place]) -> Iterator[Right]:
    memberships = (
        Membership.objects.live()
        .filter(project=project)
        .select_related("user", "team", "role", "created_by")
        .prefetch_related("environments", "team__members")
    )
    for membership in memberships:
        only = {environment.pk for environment in membership.environments.all()}
        here = [place for place in places if not only or place.environment.pk in only]
        for account in _holders(membership):
            if account.is_active:
                yield _membership_right(membership, account, here)


def _holders(membership: Membership) -> Collection[User]:
    if membership.team is None:
        return [membership.user] if membership.user else []
    return list(membership.team.members.all())


def _membership_right(membership: Membership, account: User, here: Sequence[Place]) -> Right:
    verbs = frozenset(membership.role.permissions)
    return Right(
        account=account,
        way=Way.TEAM if membership.team else Way.DIRECT,
        role=membership.role.slug,
        title=membership.role.title,
        verbs=verbs,
        environments=tuple(place.environment.name for place in here),
        team=membership.team,
        membership=membership,
        until=membership.expires_at,
        given_at=membership.created_at,
        given_by=membership.created_by.display_name,
        counts_for=tuple(_counts_for(membership, account, verbs, here)),
    )


def _counts_for(
    membership: Membership, account: User, verbs: frozenset[str], here: Sequence[Place]
) -> Iterator[str]:
    if Permission.APPROVE_CHANGE.codename not in verbs or not account.is_person:
        return
    team = membership.team.slug if membership.team else None
    for place in here:
        for rule in place.rules:
            if (
                membership.role.slug in rule.roles
                or team in rule.teams
                or account.username in rule.users
            ):
                yield f"{rule.title or rule.name} in {place.environment.name}"


def _by_portal_permission(places: Sequence[Place]) -> Iterator[Right]:
    rows = PermissionRow.objects.filter(
        content_type__app_label="catalog", codename__in=list(PORTAL_TITLES)
    )
    for row in rows:
        holders = User.objects.filter(
            Q(user_permissions=row) | Q(groups__permissions=row), is_active=True
        )
        for account in holders.distinct():
            yield Right(
                account=account,
                way=Way.PORTAL,
                role=row.codename,
                title=PORTAL_TITLES[row.codename],
                verbs=frozenset({row.codename}),
                environments=tuple(place.environment.name for place in places),
            )


def _by_standing(places: Sequence[Place]) -> Iterator[Right]:
    everything = frozenset({*(each.codename for each in Permission), *PORTAL_TITLES})
    for account in User.objects.filter(is_superuser=True, is_active=True):
        yield Right(
            account=account,
            way=Way.SUPERUSER,
            role="superuser",
            title="Superuser",
            verbs=everything - _NOT_BY_STANDING,
            environments=tuple(place.environment.name for place in places),
        )


def _last_uses(project: Project, pseudonyms: Collection[str]) -> dict[tuple[str, str], datetime]:
    """Return (pseudonym, event type) → when it last happened; one query."""
    types = {each for group in _USES.values() for each in group}
    events = Event.objects.filter(
        Q(project=project.slug) | Q(project=None), actor__in=pseudonyms, type__in=types
    )
    rows = events.order_by().values_list("actor", "type").annotate(Max("recorded_at"))
    return {(actor, name): at for actor, name, at in rows}


def _with_use(right: Right, used: Mapping[tuple[str, str], datetime]) -> Right:
    times = [
        used[right.account.pseudonym, name]
        for verb in right.held
        for name in _USES.get(verb, ())
        if (right.account.pseudonym, name) in used
    ]

    return replace(right, last_used=max(times, default=None))
