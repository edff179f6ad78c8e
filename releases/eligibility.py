"""Who may sign a change request, for which rule, and who may not although they hold the role.

Nobody approves their own change: not the requester, not the person who sealed the release, not an
author of a commit in it, not whoever registered or trained a model in it (design, rule 4). No role and
no superuser flag changes that.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models.functions import Lower

from catalog.models import (
    ArtifactKind,
    ArtifactVersion,
    EnvironmentUserObjectPermission,
    Identity,
    IdentityKind,
    Membership,
    Team,
    User,
    UserKind,
)
from models_registry.models import RetrainingRequest
from releases.models import ChangeRequest
from releases.policy_document import ApprovalRule
from releases.quorum import Rule


@dataclass(frozen=True)
class Approvers:
    """Who counts for which rule.

    Attributes:
        people: every account that some rule names and that may approve here, by id.
        holders: rule name → ids of those who hold what the rule asks for.
        excluded: id → why this person may not sign this change.
        roles: id → the roles they hold here.
    """

    people: Mapping[int, User]
    holders: Mapping[str, frozenset[int]]
    excluded: Mapping[int, str]
    roles: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    def eligible(self, rule: str) -> frozenset[int]:
        """Return who may sign for the rule."""
        return frozenset(self.holders[rule] - self.excluded.keys())

    def quorum_rules(self, rules: Sequence[ApprovalRule]) -> list[Rule[int]]:
        """Return the rules with their eligible people, for the matching."""
        return [Rule(rule.name, rule.required, self.eligible(rule.name)) for rule in rules]


@dataclass(frozen=True)
class Authors:
    """Who wrote what is in the release: accounts we know, and names we could not match."""

    known: Mapping[int, str]
    unknown: tuple[str, ...]


def approvers_of(
    change_request: ChangeRequest,
    rules: Sequence[ApprovalRule],
    versions: Sequence[ArtifactVersion],
    authors: Authors,
) -> Approvers:
    """Return who may sign the change request now; a constant number of queries."""
    grants = EnvironmentUserObjectPermission.objects.filter(
        content_object_id=change_request.environment_id, user__kind=UserKind.PERSON
    )
    people = {
        grant.user_id: grant.user
        for grant in grants.with_permission("approve_change").select_related("user")
    }
    roles = _roles_at(change_request)
    teams = _team_members({slug for rule in rules for slug in rule.teams})
    holders = {rule.name: _holders(rule, people, roles, teams) for rule in rules}
    return Approvers(
        people=people,
        holders=holders,
        excluded=_excluded(change_request, versions, authors),
        roles={person: tuple(sorted(held)) for person, held in roles.items()},
    )


def _roles_at(change_request: ChangeRequest) -> dict[int, set[str]]:
    """Return account id → roles in force at the environment, by person or by team."""
    memberships = (
        Membership.objects.live()
        .filter(project_id=change_request.project_id)
        .select_related("role")
        .prefetch_related("environments", "team__members")
    )
    roles: dict[int, set[str]] = defaultdict(set)
    for membership in memberships:
        limited_to = {environment.pk for environment in membership.environments.all()}
        if limited_to and change_request.environment_id not in limited_to:
            continue
        for user_id in _members(membership):
            roles[user_id].add(membership.role.slug)
    return roles


def _members(membership: Membership) -> list[int]:
    if membership.team is None:
        return [membership.user_id] if membership.user_id else []
    return [user.pk for user in membership.team.members.all()]


def _team_members(slugs: set[str]) -> dict[str, set[int]]:
    if not slugs:
        return {}
    teams = Team.objects.filter(slug__in=slugs).prefetch_related("members")
    return {team.slug: {user.pk for user in team.members.all()} for team in teams}


def _holders(
    rule: ApprovalRule,
    people: Mapping[int, User],
    roles: Mapping[int, set[str]],
    teams: Mapping[str, set[int]],
) -> frozenset[int]:
    wanted = set(rule.roles)
    named = set(rule.users)
    in_teams: set[int] = set().union(*(teams.get(slug, set()) for slug in rule.teams))
    return frozenset(
        person
        for person, user in people.items()
        if roles.get(person, set()) & wanted or person in in_teams or user.username in named
    )


def _excluded(
    change_request: ChangeRequest, versions: Sequence[ArtifactVersion], authors: Authors
) -> dict[int, str]:
    """Return account id → the reason that weighs first."""
    excluded: dict[int, str] = {
        person: f"{what} in this release" for person, what in authors.known.items()
    }
    models = [each for each in versions if each.artifact.kind == ArtifactKind.MODEL]
    excluded |= _who_asked_for_training(models)
    for version in models:
        excluded[version.registered_by_id] = f"registered the model {version}"
    excluded[change_request.release.sealed_by_id] = "sealed this release"
    excluded[change_request.requested_by_id] = "asked for this change"
    return excluded


def _who_asked_for_training(models: Sequence[ArtifactVersion]) -> dict[int, str]:
    """Return who had these versions trained: it is their change, whoever carried it out."""
    if not models:
        return {}
    named = {version.pk: version for version in models}
    asked = RetrainingRequest.objects.filter(version__artifact_version__in=named)
    return {
        person: f"asked for {named[version]} to be trained"
        for person, version in asked.values_list("requested_by", "version__artifact_version")
    }


def authors_of(versions: Iterable[ArtifactVersion]) -> Authors:
    """Match the commit authors with accounts by e-mail and login; one query.

    A version without any author has an unknown one: silence is not nobody.
    """
    listed = list(versions)
    names = {name for version in listed for author in version.authors for name in _names(author)}
    accounts = _accounts_by_name(names)
    known: dict[int, str] = {}
    unknown: list[str] = []
    for version in listed:
        if not version.authors:
            unknown.append(f"{version} names no author")
        for author in version.authors:
            matched = next((accounts[name] for name in _names(author) if name in accounts), None)
            if matched is None:
                unknown.append(
                    f"{version} {_deed(author)} {_shown(author)}, who has no account here"
                )
            elif author.get("mlflow") or version.artifact.kind == ArtifactKind.MODEL:
                known[matched] = f"trained or registered {version}"
            else:
                known[matched] = f"wrote a commit of {version}"
    return Authors(known, tuple(unknown))


def _names(author: Mapping[str, str]) -> list[tuple[str, str]]:
    found = []
    if author.get("email"):
        found.append((str(IdentityKind.EMAIL), author["email"].lower()))
    if author.get("login"):
        found.append((str(IdentityKind.SCM_LOGIN), author["login"].lower()))
    if author.get("mlflow"):
        found.append((str(IdentityKind.MLFLOW), author["mlflow"].lower()))
    return found


def _deed(author: Mapping[str, str]) -> str:
    return "was made by the MLflow user" if author.get("mlflow") else "has a commit by"


def _shown(author: Mapping[str, str]) -> str:
    names = (author.get(part) for part in ("email", "login", "mlflow", "name"))
    return next((name for name in names if name), "somebody unnamed")


def _accounts_by_name(names: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return (kind, lower-case name) → account id. An account's own address counts too."""
    if not names:
        return {}
    values = [value for _, value in names]
    emails = User.objects.annotate(lowered=Lower("email")).filter(lowered__in=values)
    accounts = {(str(IdentityKind.EMAIL), user.email.lower()): user.pk for user in emails}
    identities = Identity.objects.annotate(lowered=Lower("value")).filter(lowered__in=values)
    accounts.update({(row.kind, row.value.lower()): row.user_id for row in identities})
    return accounts
