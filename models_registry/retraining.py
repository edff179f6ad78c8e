"""What a worker does with a retraining request: call its tool once, then look how far it is."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.utils import timezone

from audit.webhooks import SecretUnreadable, read_secret
from models_registry.actions import carry_out_retraining as steps
from models_registry.clients.triggers.port import (
    Begun,
    Found,
    Order,
    ToolAway,
    ToolRefused,
    ToolSilent,
    Trigger,
)
from models_registry.clients.triggers.registry import TOOLS
from models_registry.errors import LeaseLost
from models_registry.models import RetrainingRequest
from models_registry.work import holder_name

Answer = TypeVar("Answer")


def see_to(request_id: int) -> bool:
    """Do what is next for the request; return whether this worker did anything."""
    holder = holder_name()
    request = steps.claim_retraining(request_id, holder=holder)
    if request is None:
        return False
    try:
        _see_to(request, TOOLS[request.trigger.kind], holder)
    except LeaseLost:
        return False
    return True


def _see_to(request: RetrainingRequest, tool: Trigger, holder: str) -> None:
    try:
        order = order_of(request)
    except ToolRefused as refusal:
        # Nothing was sent now; what an earlier worker sent stays to be looked for.
        steps.note_no_answer(request, refusal.sentence, holder=holder)
        return
    if request.triggered_at is not None:
        _look(request, tool, order, holder)
    elif request.called_at is not None:
        _find(request, tool, order, holder)
    else:
        _begin(request, tool, order, holder)


def order_of(request: RetrainingRequest) -> Order:
    """Return what the tool is asked for.

    Raises:
        ToolRefused: the secret cannot be read.
    """
    trigger = request.trigger
    try:
        secret = read_secret(settings.RETRAINING_SECRETS_DIR, trigger.secret)
    except SecretUnreadable as error:
        raise ToolRefused(
            f"{error} The operator mounts it as a file in RETRAINING_SECRETS_DIR."
        ) from error
    return Order(
        own_id=request.own_id,
        model=request.model.name,
        address=trigger.address,
        ref=trigger.ref,
        secret=secret,
        parameters=trigger.parameters,
        expires_at=request.expires_at.isoformat().replace("+00:00", "Z"),
    )


def _begin(
    request: RetrainingRequest, tool: Trigger, order: Order, holder: str, *, is_first: bool = True
) -> None:
    """Call the tool; ``is_first``: no earlier call can have begun anything."""
    steps.note_call(request, holder=holder)
    noted = time.monotonic()
    try:
        _refuse_late(noted)
        begun = _asked(tool, lambda: tool.begin(order))
    except ToolRefused as refusal:
        steps.fail_retraining(request, refusal.sentence, is_unsent=is_first, holder=holder)
    except ToolAway as absence:
        steps.note_no_answer(request, absence.sentence, is_unsent=is_first, holder=holder)
    except ToolSilent as silence:
        steps.note_no_answer(request, silence.sentence, holder=holder)
    else:
        steps.note_begun(request, begun, looks=tool.looks, holder=holder)


def _refuse_late(noted: float) -> None:
    """Stop a worker that slept since it wrote down its call: another may call by now.

    Raises:
        LeaseLost: half of the lease is gone.
    """
    if time.monotonic() - noted > settings.RETRAINING_LEASE_SECONDS / 2:
        raise LeaseLost("The worker slept between writing down its call and making it.")


def _find(request: RetrainingRequest, tool: Trigger, order: Order, holder: str) -> None:
    """Look what became of a call that nobody saw the end of."""
    found = _found(request, tool, order, holder)
    if found is None:
        return
    if found.begun is not None:
        steps.note_begun(request, found.begun, looks=tool.looks, holder=holder)
        return
    called = request.called_at or timezone.now()
    settled = called + timedelta(seconds=settings.RETRAINING_SETTLE_SECONDS)
    if not tool.repeats and timezone.now() < settled:
        sentence = (
            f"Whether {tool.name} has begun it is looked at once more: what it began is not always to "
            "be seen at once."
        )
        steps.leave_alone(request, sentence, until=settled, holder=holder)
    elif found.doubt:
        steps.doubt(request, found.doubt, holder=holder)
    else:
        # Who cannot be looked at has not said that there was nothing, only that it may be asked again.
        _begin(request, tool, order, holder, is_first=tool.looks)


def _found(request: RetrainingRequest, tool: Trigger, order: Order, holder: str) -> Found | None:
    since = request.called_at or request.requested_at
    try:
        return _asked(tool, lambda: tool.find(order, since))
    except ToolRefused as refusal:
        return Found(doubt=refusal.sentence)
    except (ToolAway, ToolSilent) as silence:
        steps.note_no_answer(request, silence.sentence, holder=holder)
        return None


def _look(request: RetrainingRequest, tool: Trigger, order: Order, holder: str) -> None:
    begun = Begun(request.run_id, request.run_url)
    try:
        if not begun.run_id and tool.looks:
            since = request.called_at or request.requested_at
            begun = _asked(tool, lambda: tool.find(order, since)).begun or begun
        if not begun.run_id and tool.looks:
            sentence = f"{tool.name} does not say which run it is; its version is waited for."
            until = timezone.now() + timedelta(seconds=steps.LONGEST_PAUSE)
            steps.leave_alone(request, sentence, until=until, holder=holder)
            return
        seen = _asked(tool, lambda: tool.look(order, begun))
    except (ToolRefused, ToolAway, ToolSilent) as silence:
        steps.note_no_answer(request, silence.sentence, holder=holder)
        return
    steps.note_seen(request, seen, looks=tool.looks, holder=holder)


def _asked(tool: Trigger, ask: Callable[[], Answer]) -> Answer:
    """Ask; what cannot be read in the answer is as good as none.

    Raises:
        ToolRefused, ToolAway, ToolSilent: as the tool does.
    """
    try:
        return ask()
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ToolSilent(
            f"{tool.name} answered with JSON of another form than it documents."
        ) from error
