"""A new project, with whoever made it as its administrator."""

from django.db import transaction

from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.grants import sync_grants
from catalog.models import Membership, Project, Role, User
from catalog.permissions import PortalPermission, require_portal
from catalog.validation import check_fields, refusing_duplicates

FIRST_ROLE = "project-admin"


@transaction.atomic(durable=True)
def create_project(
    *, slug: str, name: str, risk_tier: str, description: str = "", by: User
) -> Project:
    """Create a project and make ``by`` its administrator.

    Raises:
        NotPermitted: without the portal permission ``add_project``.
        InvalidInput: a field does not fit.
        AlreadyExists: the slug is taken.
    """
    require_portal(PortalPermission.ADD_PROJECT, by)
    project = Project(
        slug=slug, name=name, risk_tier=risk_tier, description=description, created_by=by
    )
    check_fields(project, "slug", "name", "risk_tier", "description")
    with refusing_duplicates("slug", f"There is a project {slug!r} already; choose another slug."):
        project.save(force_insert=True)
    if by.is_person:
        first_role = Role.objects.get(slug=FIRST_ROLE)
        Membership.objects.create(project=project, user=by, role=first_role, created_by=by)
    sync_grants(project)
    record(
        CatalogEvent.PROJECT_CREATED,
        subject=project,
        by=by,
        risk_tier=project.risk_tier,
        name=project.name,
        first_role=FIRST_ROLE if by.is_person else None,
    )
    return project
