"""A project's name, description and risk tier."""

from django.db import transaction

from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.locking import locked
from catalog.models import Project, User
from catalog.permissions import Permission, require
from catalog.validation import apply_changes, in_words


@transaction.atomic(durable=True)
def change_project(
    project: Project,
    *,
    name: str | None = None,
    description: str | None = None,
    risk_tier: str | None = None,
    by: User,
) -> Project:
    """Change what is given; None leaves a field as it is. Without a difference nothing is recorded.

    Raises:
        NotPermitted: without ``manage_project`` there.
        InvalidInput: a field does not fit.
    """
    project = locked(project)
    require(Permission.MANAGE_PROJECT, by, project)
    changed = apply_changes(
        project, {"name": name, "description": description, "risk_tier": risk_tier}
    )
    if changed:
        project.save(update_fields=changed)
        what = in_words(changed)
        record(CatalogEvent.PROJECT_CHANGED, subject=project, by=by, what=what, changed=changed)
    return project
