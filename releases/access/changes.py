"""What changed about access since the last review, as the log tells it."""

from typing import Final

from django.db.models import Q

from audit.models import Event
from audit.sentences import with_sentences
from catalog.models import Membership, Project
from releases.models import AccessReview

SHOWN: Final = 100

_IN_PROJECT: Final = (
    "catalog.membership_given",
    "catalog.membership_ended",
    "catalog.membership_expired",
    "catalog.environment_created",
    "catalog.service_account_created",
    "catalog.service_account_deactivated",
    "releases.policy_activated",
)
_OF_TEAMS: Final = ("catalog.team_member_added", "catalog.team_member_removed")
_OF_ROLES: Final = ("catalog.role_changed",)
_OF_PORTAL: Final = ("catalog.portal_permissions_changed",)


def changes_since(project: Project, last: AccessReview | None) -> list[Event]:
    """Return the newest events that changed who may do what since that review; three queries."""
    live = Membership.objects.filter(project=project, ended_at=None)
    teams, roles = set(), set()
    for team, role in live.values_list("team_id", "role_id"):
        teams.add(f"team/{team}")
        roles.add(f"role/{role}")
    about = (
        Q(project=project.slug, type__in=_IN_PROJECT)
        | Q(stream__in=teams, type__in=_OF_TEAMS)
        | Q(stream__in=roles, type__in=_OF_ROLES)
        | Q(type__in=_OF_PORTAL)
    )
    found = Event.objects.filter(about).defer("entry", "leaf_hash", "body")
    if last is not None:
        found = found.filter(recorded_at__gt=last.signed_at)
    return with_sentences(found.order_by("-pk")[:SHOWN])
