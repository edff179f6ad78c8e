"""Opening findings: what happened in MLflow without the portal. Called inside of an action."""

from typing import Any

from audit.record import record
from catalog.models import Environment, User
from models_registry.aliases import environments_serving
from models_registry.audit_events import ModelEvent
from models_registry.models import Finding, FindingKind, ModelVersion, RegisteredModel


def find(
    model: RegisteredModel,
    kind: FindingKind,
    sentence: str,
    *,
    by: User,
    version: ModelVersion | None = None,
    environment: Environment | None = None,
    **facts: Any,
) -> Finding:
    """Open a finding and record it; without an environment it is that which the version serves, if any."""
    if environment is None and version is not None:
        environment = next(iter(environments_serving(version)), None)
    finding = Finding(
        model=model,
        version=version,
        environment=environment,
        kind=kind,
        sentence=sentence,
        facts=facts,
    )
    finding.save(force_insert=True)
    record(
        ModelEvent.FOUND,
        subject=model,
        by=by,
        outcome="failure",
        what=sentence,
        kind=str(kind),
        finding=finding.pk,
        version=version.number if version else None,
        environment=environment.name if environment else None,
        **facts,
    )
    return finding
