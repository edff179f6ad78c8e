"""Which alias stands for which environment, and which alias moves were the portal's own."""

from django.utils import timezone

from audit.record import record
from catalog.models import ArtifactVersion, Environment, Tier, the_portal
from models_registry.audit_events import ModelEvent
from models_registry.models import (
    AliasOrder,
    AliasOrderState,
    EnvironmentAlias,
    ModelVersion,
    RegisteredModel,
)
from models_registry.models.alias import ALIAS_FORM
from models_registry.queue import nudge_alias_orders

CHAMPION = "champion"


def alias_of(environment: Environment) -> str:
    """Return the alias that the portal sets for the environment; empty for none.

    Unless somebody chose another: ``champion`` for a project's only production environment, otherwise
    the environment's own name.
    """
    chosen = EnvironmentAlias.objects.filter(environment=environment).first()
    if chosen is not None:
        return chosen.alias
    if environment.tier == Tier.PRODUCTION:
        others = Environment.objects.filter(project_id=environment.project_id, tier=Tier.PRODUCTION)
        if not others.exclude(pk=environment.pk).exists():
            return CHAMPION
    return environment.name if ALIAS_FORM.match(environment.name) else ""


def environment_of(model: RegisteredModel, alias: str) -> Environment | None:
    """Return the environment of the model's project for which an alias stands, if it is one's."""
    environments = Environment.objects.filter(project_id=model.registry.project_id)
    return next((each for each in environments if alias_of(each) == alias), None)


def ordered_last(model: RegisteredModel, alias: str) -> AliasOrder | None:
    """Return the last order of the portal for an alias that reached MLflow, is on its way or may have."""
    orders = AliasOrder.objects.perhaps_carried_out().filter(model=model, alias=alias)
    return orders.order_by("-pk").first()


def unsettled_orders(model: RegisteredModel) -> list[str]:
    """Return a sentence for each alias that MLflow does not show as the portal wants it; one query."""
    newest = (
        AliasOrder.objects.filter(model=model)
        .order_by("alias", "-pk")
        .distinct("alias")
        .select_related("version", "environment")
    )
    return [words for order in newest if (words := _in_words(order, model))]


def environments_serving(version: ModelVersion) -> list[Environment]:
    """Return the environments for which the version was verified last, by the orders of aliases."""
    newest = (
        AliasOrder.objects.filter(model_id=version.model_id)
        .order_by("environment_id", "-pk")
        .distinct("environment_id")
        .select_related("environment__project")
    )
    return [order.environment for order in newest if order.version_id == version.pk]


def order_aliases(environment: Environment, release_id: int, *, change_request: int) -> None:
    """Order the environment's alias for every model version of a release that was verified there.

    No action: whoever finishes a deployment calls it inside of its own transaction. The row is the work;
    a worker sets the alias in MLflow afterwards. The same call again orders nothing new.
    """
    versions = (
        ModelVersion.objects.filter(artifact_version__releases=release_id)
        .select_related("model__registry__project")
        .order_by("pk")
    )
    for version in versions:
        alias = alias_of(environment)
        if alias:
            _order(version, environment, alias, change_request)


def end_unasked(order: AliasOrder, alias: str) -> None:
    """End an order under a name that is its environment's no more; what serves there gets the other one.

    No action: the caller holds the order's row in its own transaction.

    Args:
        order: with its version, its model's registry and project, and its environment.
        alias: of the environment now; empty for none.
    """
    now = f"has the alias {alias} now" if alias else "has no alias any more"
    order.state, order.ended_at = AliasOrderState.OVERTAKEN, timezone.now()
    order.sentence = f"{order.environment.name} {now}."
    order.save(update_fields=["state", "sentence", "ended_at"])
    record(
        ModelEvent.ALIAS_LEFT,
        subject=order.model,
        by=the_portal(),
        alias=order.alias,
        version=order.version.number,
        environment=order.environment.name,
        why=order.sentence,
    )
    same = AliasOrder.objects.filter(model=order.model, environment=order.environment)
    if alias and not same.filter(change_request__gt=order.change_request).exists():
        order.version.model = order.model
        _order(order.version, order.environment, alias, order.change_request)


def holds_models(version: ArtifactVersion) -> bool:
    """Return whether an artifact version came from a model registry."""
    return ModelVersion.objects.filter(artifact_version=version).exists()


def _in_words(order: AliasOrder, model: RegisteredModel) -> str:
    order.version.model = model
    return order.in_words


def _order(
    version: ModelVersion, environment: Environment, alias: str, change_request: int
) -> None:
    order, is_new = AliasOrder.objects.get_or_create(
        change_request=change_request,
        version=version,
        alias=alias,
        defaults={"model": version.model, "environment": environment},
    )
    if not is_new and not _take_up_again(order):
        return
    record(
        ModelEvent.ALIAS_ORDERED,
        subject=version.model,
        by=the_portal(),
        alias=alias,
        version=version.number,
        environment=environment.name,
        change_request=f"CR-{change_request}",
    )
    nudge_alias_orders(version.model.registry_id)


def _take_up_again(order: AliasOrder) -> bool:
    """Take up an order whose alias was renamed, and is the environment's again; return whether it was one."""
    left = AliasOrder.objects.filter(pk=order.pk, state=AliasOrderState.OVERTAKEN)
    wanted = {"state": AliasOrderState.WANTED, "sentence": "", "ended_at": None}
    return bool(left.exclude(sentence="").update(**wanted, try_at=timezone.now()))
