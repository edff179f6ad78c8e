"""The demo's model registry: the MLflow server of `make run`, its webhook, and who its users are."""

from typing import Final

import httpx

from catalog.actions.add_identity import add_identity
from catalog.errors import AlreadyExists
from catalog.models import IdentityKind, Project, User, the_portal
from models_registry.actions.change_registry import change_registry
from models_registry.actions.create_registry import RegistrySpec, create_registry
from models_registry.models import Registry
from models_registry.webhooks import address_of

PROJECT: Final = "credit-scoring"
SECRET: Final = f"{PROJECT}.webhook"
USERS: Final = {"mei": "meit", "lena": "lvogt"}
"""Accounts and their names in MLflow."""
_API: Final = "/api/2.0/mlflow/webhooks"
_EVENTS: Final = (
    ("REGISTERED_MODEL", "CREATED"),
    ("MODEL_VERSION", "CREATED"),
    ("MODEL_VERSION_TAG", "SET"),
    ("MODEL_VERSION_TAG", "DELETED"),
    ("MODEL_VERSION_ALIAS", "CREATED"),
    ("MODEL_VERSION_ALIAS", "DELETED"),
)


def connect(tracking_url: str, portal_url: str, secret: str) -> Registry | None:
    """Let the demo's credit project read the server; the same again changes nothing.

    Returns:
        The registry; None where there is no such project.
    """
    project = Project.objects.filter(slug=PROJECT).first()
    if project is None:
        return None
    _name_users()
    spec = RegistrySpec(tracking_url=tracking_url, name_pattern="credit-*", webhook_secret=SECRET)
    registry = Registry.objects.filter(project=project, name="mlflow").first()
    if registry is None:
        registry = create_registry(project, "mlflow", spec, by=the_portal())
    else:
        change_registry(registry, spec, by=the_portal())
    _hook(tracking_url, address_of(registry, portal_url), secret)
    return registry


def _name_users() -> None:
    for username, name in USERS.items():
        account = User.objects.filter(username=username).first()
        if account is None or account.identities.filter(kind=IdentityKind.MLFLOW).exists():
            continue
        try:
            add_identity(account, kind=IdentityKind.MLFLOW, value=name, by=the_portal())
        except AlreadyExists:
            continue  # somebody else took the name; the demo does not insist


def _hook(tracking_url: str, url: str, secret: str) -> None:
    """Make the webhook anew: the portal's port may have changed, and MLflow does not tell secrets."""
    with httpx.Client(base_url=tracking_url, trust_env=False, timeout=30) as mlflow:
        for each in mlflow.get(_API).raise_for_status().json().get("webhooks", []):
            if each.get("name") == "gatehouse":
                mlflow.delete(f"{_API}/{each['webhook_id']}")
        body = {
            "name": "gatehouse",
            "url": url,
            "secret": secret,
            "events": [{"entity": entity, "action": action} for entity, action in _EVENTS],
        }
        mlflow.post(_API, json=body).raise_for_status()
