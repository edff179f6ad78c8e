"""A version that says in MLflow which retraining request it answers. Called inside of an action.

Who may write tags in MLflow may write this one, so it is a claim: it opens nothing, and the version needs
approval like any other. What cannot be true is a finding.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from audit.record import record
from catalog.models import User
from models_registry.audit_events import RetrainingEvent
from models_registry.findings import find
from models_registry.models import FindingKind, ModelVersion, RetrainingRequest
from models_registry.naming import RETRAINING_TAG
from models_registry.retraining_rules import locked_requests, move
from models_registry.states import RetrainingState, RetrainingVerb

MARGIN: Final = timedelta(minutes=5)
"""By which MLflow's clock may be behind ours."""
_SHOWN: Final = 80
_BEGINS: Final = "gatehouse-"


def claim_of(version: ModelVersion) -> str:
    """Return which request the version says it answers: by its own tag, else by its run's."""
    return _tag(version.tags) or _tag(version.run_tags)


def link(version: ModelVersion, *, by: User) -> None:
    """Link the version with the request that it names and end that; or say why it is not linked."""
    said = claim_of(version)
    if not said:
        return
    request = _request(said)
    if request is not None and request.version_id == version.pk:
        return
    why = _why_not(version, request)
    if why or request is None:
        find(
            version.model,
            FindingKind.FALSE_CLAIM,
            f"{version} says in MLflow that it answers the retraining request {said[:_SHOWN]}, but {why} "
            "It is not linked with it.",
            by=by,
            version=version,
            said=said[:_SHOWN],
        )
        return
    move(request, RetrainingVerb.RETURN)
    request.version, request.sentence = version, ""
    request.save()
    record(
        RetrainingEvent.RETURNED,
        subject=request,
        by=by,
        version=str(version),
        version_id=version.pk,
        run=version.run_id,
    )


def _tag(tags: Mapping[str, Any]) -> str:
    return str(tags.get(RETRAINING_TAG) or "").strip()


def _request(said: str) -> RetrainingRequest | None:
    try:
        key = UUID(said.removeprefix(_BEGINS))
    except ValueError:
        return None
    return locked_requests().filter(key=key).first()


def _why_not(version: ModelVersion, request: RetrainingRequest | None) -> str:
    """Return what cannot be true; empty if all may be."""
    if request is None:
        return "there is none of that id."
    if request.model_id != version.model_id:
        return "that is not for this model."
    if request.state == RetrainingState.RETURNED:
        return f"{request.label} was answered by another version before."
    if request.state == RetrainingState.WITHDRAWN:
        return f"{request.label} was withdrawn."
    if version.registered_at and version.registered_at < request.requested_at - MARGIN:
        return f"it was registered before {request.label} was made."
    return ""
