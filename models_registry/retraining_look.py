"""How retraining looks on pages: of one request, and of a model."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from catalog.held import Held
from catalog.models import User
from catalog.permissions import Permission
from models_registry.cooldown import cools_until
from models_registry.models import (
    ModelVersion,
    RegisteredModel,
    RetrainingRequest,
    RetrainingTrigger,
)
from models_registry.sections import Section
from models_registry.states import RetrainingState

SHOWN: Final = 6
_S: Final = RetrainingState
_BADGES: Final = {
    _S.REQUESTED: ("active", "hourglass"),
    _S.UNCLEAR: ("unknown", "help-octagon"),
    _S.TRIGGERED: ("active", "send"),
    _S.RUNNING: ("active", "loader-2"),
    _S.RETURNED: ("good", "circle-check"),
    _S.FAILED: ("bad", "alert-octagon"),
    _S.EXPIRED: ("neutral", "clock-pause"),
    _S.WITHDRAWN: ("neutral", "arrow-back-up"),
}
_PHASES: Final = {
    _S.REQUESTED: ("done", "running", "waiting", "waiting"),
    _S.UNCLEAR: ("done", "current", "waiting", "waiting"),
    _S.TRIGGERED: ("done", "done", "waiting", "waiting"),
    _S.RUNNING: ("done", "done", "running", "waiting"),
    _S.RETURNED: ("done", "done", "done", "done"),
}
_ENDED: Final = {_S.FAILED: "failed", _S.EXPIRED: "expired", _S.WITHDRAWN: "withdrawn"}


@dataclass(frozen=True)
class Badge:
    """``components/badge.html``."""

    label: str
    tone: str
    icon: str


@dataclass(frozen=True)
class Phase:
    """One place of ``components/phases.html``."""

    name: str
    state: str


@dataclass(frozen=True)
class Shown:
    """A request with its badge."""

    row: RetrainingRequest
    badge: Badge


@dataclass(frozen=True)
class Retraining:
    """A model's retraining: what is called, what is open, what was.

    Attributes:
        newest: newest first; the first may be open.
        cools_until: before then it is not trained again.
    """

    model: RegisteredModel
    trigger: RetrainingTrigger | None
    newest: list[Shown] = field(default_factory=list)
    cools_until: datetime | None = None
    may_ask: bool = False
    may_manage: bool = False

    @property
    def open(self) -> Shown | None:
        """The open request, if there is one."""
        return self.newest[0] if self.newest and self.newest[0].row.is_open else None

    @property
    def past(self) -> list[Shown]:
        """Those that have ended."""
        return self.newest[1:] if self.open else self.newest

    @property
    def asks(self) -> bool:
        """Whether to offer the form."""
        is_possible = self.trigger is not None and self.trigger.is_active and not self.model.gone_at
        in_time = self.cools_until is None or self.may_manage
        return self.may_ask and is_possible and in_time and self.open is None

    @property
    def phases(self) -> list[Phase]:
        """How far the open one is."""
        return phases_of(self.open.row) if self.open else []


def retraining_of(model: RegisteredModel, held: Held) -> Retraining:
    """Return a model's retraining; three queries."""
    rows = RetrainingRequest.objects.filter(model=model)
    newest = list(rows.select_related("requested_by", "version", "trigger")[:SHOWN])
    for row in newest:
        row.model = model
        if row.version:
            row.version.model = model
    trigger = RetrainingTrigger.objects.of_model(model)
    may_manage = held.may(Permission.MANAGE_PROJECT)
    return Retraining(
        model=model,
        trigger=trigger,
        newest=[Shown(row, badge_of(row)) for row in newest],
        cools_until=cools_until(model, trigger) if trigger else None,
        may_ask=may_manage or held.may(Permission.REGISTER_ARTIFACT),
        may_manage=may_manage,
    )


def badge_of(row: RetrainingRequest) -> Badge:
    """Return the badge of its state."""
    state = RetrainingState(row.state)
    return Badge(str(state.label), *_BADGES[state])


def phases_of(row: RetrainingRequest) -> list[Phase]:
    """Return the whole way, with what is done and where it ended."""
    state = RetrainingState(row.state)
    names = ("Requested", f"Begun in {row.trigger.tool}", "Training", "Version back")
    if state in _PHASES:
        states = _PHASES[state]
    elif row.triggered_at is None:
        states = ("done", _ENDED[state], "skipped", "skipped")
    else:
        states = ("done", "done", _ENDED[state], "skipped")
    return [Phase(name, each) for name, each in zip(names, states, strict=True)]


def answered_by(version: ModelVersion, _caller: User) -> Section | None:
    """Return which request a version answers, for its page; one query."""
    row = (
        RetrainingRequest.objects.filter(version=version)
        .select_related("requested_by", "model")
        .first()
    )
    if row is None:
        return None
    return Section("models_registry/retraining/answered.html", {"retraining": row})
