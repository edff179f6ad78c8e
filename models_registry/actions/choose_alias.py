"""Which alias the portal sets in MLflow when a model version was verified in an environment."""

from django.db import transaction

from audit.record import record
from catalog.locking import locked
from catalog.models import Environment, User
from catalog.permissions import Permission, require
from catalog.validation import check_fields
from models_registry.aliases import end_unasked
from models_registry.audit_events import ModelEvent
from models_registry.models import AliasOrder, EnvironmentAlias


@transaction.atomic(durable=True)
def choose_alias(environment: Environment, alias: str, *, by: User) -> EnvironmentAlias:
    """Choose the alias; empty for none. Aliases that were set before stay as they are in MLflow.

    What was not set yet under the former name is set under the new one, or not at all.

    Raises:
        NotPermitted: without ``manage_project``.
        InvalidInput: MLflow takes no such alias.
    """
    environment = locked(environment)
    require(Permission.MANAGE_PROJECT, by, environment.project)
    row = EnvironmentAlias.objects.filter(environment=environment).first()
    if row is not None and row.alias == alias:
        return row
    row = row or EnvironmentAlias(environment=environment)
    row.alias = alias
    check_fields(row, "alias")
    row.save()
    record(ModelEvent.ALIAS_CHOSEN, subject=environment, by=by, alias=alias or "none")
    orders = AliasOrder.objects.idle().filter(environment=environment).exclude(alias=alias)
    related = orders.select_related("model__registry__project", "version", "environment")
    for order in related.select_for_update(of=("self",), no_key=True).order_by("pk"):
        end_unasked(order, alias)
    return row
