"""The demo's retraining: a pipeline that belongs to the invented history, so nobody calls it."""

from typing import Final

from catalog.models import Project, User
from models_registry.actions.carry_out_retraining import (
    claim_retraining,
    note_begun,
    note_call,
)
from models_registry.actions.request_retraining import request_retraining
from models_registry.actions.set_trigger import TriggerSpec, create_trigger
from models_registry.clients.triggers.port import Begun
from models_registry.models import (
    RegisteredModel,
    RetrainingRequest,
    RetrainingTrigger,
    TriggerKind,
)

_ADDRESS: Final = "https://gitlab.demo.example/api/v4/projects/7"
_RUNS: Final = "https://gitlab.demo.example/credit-scoring/training/-/pipelines"
_HOLDER: Final = "worker"


def open_pipeline(project: Project, *, by: User) -> RetrainingTrigger:
    """Say what trains the project's models again.

    By a trigger token: such a pipeline cannot be looked after, so no worker ever tries to.
    """
    spec = TriggerSpec(
        kind=TriggerKind.GITLAB_TRIGGER,
        address=_ADDRESS,
        ref="main",
        secret=f"{project.slug}.training",
        parameters={"LOANS": "newest"},
        cooldown_seconds=12 * 3600,
        timeout_seconds=7 * 24 * 3600,
    )
    return create_trigger(project, None, spec, by=by)


def begin(model: RegisteredModel, reason: str, pipeline: int, *, by: User) -> RetrainingRequest:
    """Ask for it, and let the pipeline have taken it."""
    request = request_retraining(model, reason=reason, by=by)
    if claim_retraining(request.pk, holder=_HOLDER) is None:
        raise RuntimeError("The demo went astray: somebody else sees to the retraining.")
    note_call(request, holder=_HOLDER)
    begun = Begun(str(pipeline), f"{_RUNS}/{pipeline}")
    note_begun(request, begun, looks=False, holder=_HOLDER)
    return request
