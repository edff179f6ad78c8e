"""A new team."""

from django.db import transaction

from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.models import Team, User
from catalog.permissions import PortalPermission, require_portal
from catalog.validation import check_fields, refusing_duplicates


@transaction.atomic(durable=True)
def create_team(*, slug: str, name: str, by: User) -> Team:
    """Create a team without members.

    Raises:
        NotPermitted: without the portal permission ``manage_people``.
        InvalidInput: a field does not fit.
        AlreadyExists: the slug is taken.
    """
    require_portal(PortalPermission.MANAGE_PEOPLE, by)
    team = Team(slug=slug, name=name)
    check_fields(team, "slug", "name")
    with refusing_duplicates("slug", f"There is a team {slug!r} already; choose another slug."):
        team.save(force_insert=True)
    record(CatalogEvent.TEAM_CREATED, subject=team, by=by, name=team.name)
    return team
