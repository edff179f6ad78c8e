"""Which alias stands for which environment, and which alias moves were the portal's own."""

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
_CARRIED_OUT = (AliasOrderState.SETTING, AliasOrderState.SET)


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
    """Return the last order of the portal for an alias that reached MLflow or is on its way."""
    orders = AliasOrder.objects.filter(model=model, alias=alias, state__in=_CARRIED_OUT)
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


def holds_models(version: ArtifactVersion) -> bool:
    """Return whether an artifact version came from a model registry."""
    return ModelVersion.objects.filter(artifact_version=version).exists()


def _in_words(order: AliasOrder, model: RegisteredModel) -> str:
    order.version.model = model
    return order.in_words


def _order(
    version: ModelVersion, environment: Environment, alias: str, change_request: int
) -> None:
    _, is_new = AliasOrder.objects.get_or_create(
        change_request=change_request,
        version=version,
        alias=alias,
        defaults={"model": version.model, "environment": environment},
    )
    if not is_new:
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
