"""What the portal asks a tool that trains models, and what it gets.

A call that begins a training is made at most once unless the tool itself makes repeating harmless. Before
it is made, the request's row says so; whoever finds that row later asks :meth:`Trigger.find` first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class ToolError(Exception):
    """The tool was of no use; ``sentence`` says why, for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class ToolRefused(ToolError):
    """A definite no: nothing was begun, and asking again cannot help."""


class ToolAway(ToolError):
    """Nothing was begun: there was no connection, or it said "later"."""


class ToolSilent(ToolError):
    """No answer, or none that makes sense: whether something was begun, nobody can tell."""


@dataclass(frozen=True)
class Order:
    """What shall be begun, and where.

    Attributes:
        own_id: the request's id, the same in every system.
        model: as MLflow calls it.
        secret: the text of the secret's file.
    """

    own_id: str
    model: str
    address: str
    ref: str = ""
    secret: str = field(default="", repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict)
    expires_at: str = ""


@dataclass(frozen=True)
class Begun:
    """A training that the tool has begun, or will: its own name for it, empty if it said none."""

    run_id: str = ""
    url: str = ""


@dataclass(frozen=True)
class Found:
    """What became of an earlier call: begun, or surely not, or ``doubt`` says why nobody can tell."""

    begun: Begun | None = None
    doubt: str = ""


class Phase(StrEnum):
    """How far a training is."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Seen:
    """How a training stands; ``begun`` is what the tool calls it now."""

    phase: Phase
    sentence: str
    begun: Begun


class Trigger(Protocol):
    """The calls. Every one of them waits for the network: no transaction around it.

    Every call may raise ToolRefused, ToolAway and ToolSilent.

    Attributes:
        name: the tool's, for people.
        looks: whether it can be asked how far a training is.
        repeats: whether the same order may be sent again without beginning a second training.
    """

    name: str
    looks: bool
    repeats: bool

    def find(self, order: Order, since: datetime) -> Found:
        """Look whether an earlier call, made after ``since``, has begun this order."""

    def begin(self, order: Order) -> Begun:
        """Begin it."""

    def look(self, order: Order, begun: Begun) -> Seen:
        """Return how far it is."""
