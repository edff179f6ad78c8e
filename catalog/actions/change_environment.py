"""An environment's tier and its place on the path. Its name is in addresses and statements, and stays."""

from django.db import transaction

from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.locking import locked
from catalog.models import Environment, User
from catalog.path import check_position, move
from catalog.permissions import Permission, require
from catalog.validation import apply_changes, in_words


@transaction.atomic(durable=True)
def change_environment(
    environment: Environment, *, tier: str | None = None, position: int | None = None, by: User
) -> Environment:
    """Change what is given. A position that is taken is made free: the others move, as in a list.

    Raises:
        NotPermitted: without ``manage_project``.
        InvalidInput: a field does not fit.
    """
    project = locked(environment.project)
    environment = locked(environment)
    require(Permission.MANAGE_PROJECT, by, project)
    changed = apply_changes(environment, {"tier": tier, "position": position})
    if not changed:
        return environment
    check_position(environment.position)
    if "position" in changed:
        move(environment, environment.position)
    environment.save(update_fields=["tier"])
    record(
        CatalogEvent.ENVIRONMENT_CHANGED,
        subject=environment,
        by=by,
        what=in_words(changed),
        changed=changed,
        path=list(project.environments.order_by("position").values_list("name", flat=True)),
    )
    return environment
