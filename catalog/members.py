"""How a membership stands in the audit log."""

from typing import Any

from audit.personal import name_of
from audit.times import in_utc
from catalog.models import Membership


def describe(membership: Membership) -> dict[str, Any]:
    """Return a membership's facts for an entry: a person as a pseudonym, a team by its slug."""
    facts: dict[str, Any] = {
        "membership": membership.pk,
        "role": membership.role.slug,
        "environments": sorted(membership.environments.values_list("name", flat=True)),
        "expires_at": in_utc(membership.expires_at),
    }
    if membership.user:
        return {**facts, "account": membership.user.pseudonym}
    team = membership.team
    return {**facts, "team": team and team.slug, "member": f"the team {team}"}


def private_name(membership: Membership) -> dict[str, str]:
    """Return the member's name if it is a person's; a team's is no personal data."""
    return {"member": name_of(membership.user)} if membership.user else {}
