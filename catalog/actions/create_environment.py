"""A new environment on a project's path."""

from django.db import transaction
from django.db.models import Max

from audit.record import record
from catalog.audit_events import CatalogEvent
from catalog.errors import AlreadyExists
from catalog.grants import sync_grants
from catalog.locking import locked
from catalog.models import Environment, Project, User
from catalog.path import check_position
from catalog.permissions import Permission, require
from catalog.validation import check_fields, refusing_duplicates


@transaction.atomic(durable=True)
def create_environment(
    project: Project, *, name: str, tier: str, position: int | None = None, by: User
) -> Environment:
    """Add an environment; without a position it comes last. Memberships without limits hold there too.

    Raises:
        NotPermitted: without ``manage_project``.
        InvalidInput: a field does not fit.
        AlreadyExists: the name or the position is taken.
    """
    project = locked(project)
    require(Permission.MANAGE_PROJECT, by, project)
    last = project.environments.aggregate(last=Max("position"))["last"] or 0
    environment = Environment(
        project=project, name=name, tier=tier, position=last + 1 if position is None else position
    )
    check_fields(environment, "name", "tier", "position")
    check_position(environment.position)
    taken_by = project.environments.filter(position=environment.position).first()
    if taken_by:
        sentence = f"Position {position} of the path is {taken_by.name}'s; choose another."
        raise AlreadyExists(sentence, fields={"position": [sentence]})
    with refusing_duplicates("name", f"{project.slug} has an environment {name!r} already."):
        environment.save(force_insert=True)
    sync_grants(project)
    record(
        CatalogEvent.ENVIRONMENT_CREATED,
        subject=environment,
        by=by,
        tier=environment.tier,
        position=environment.position,
    )
    return environment
