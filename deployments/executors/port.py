"""The port to whoever does the work.

An executor says beforehand which steps it will take, then takes those that are not done yet. It may be
asked again at any time, by another worker, after a crash: every step is idempotent or finds out how far
it got. It writes only through :class:`~deployments.executors.work.Work`, which refuses a worker that has
lost its lease, and it holds no transaction while somebody else is being asked.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

from deployments.executors.work import Work
from deployments.models import StepVerb, Target
from releases.models import ChangeRequest


class DefiniteNo(Exception):
    """The target said no, or what runs is not what was approved. Asking again cannot help."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NoAnswer(Exception):
    """Nobody could tell: no answer, or one that says "not now". Asking again may help."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class PlannedStep:
    """A step that the page shows before it begins."""

    verb: StepVerb
    title: str
    workload: str = ""
    record: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """Everything is carried out and verified; ``what`` says so in words."""

    what: str


@dataclass(frozen=True)
class Waits:
    """Somebody outside has been told, or must be asked, and will report."""


class Executor(Protocol):
    """The calls."""

    def steps(self, change_request: ChangeRequest, target: Target) -> list[PlannedStep]:
        """Say what will be done, in order. Called inside a transaction: ask nobody outside."""

    def advance(self, work: Work) -> Done | Waits:
        """Do everything that is not done yet.

        Raises:
            DefiniteNo: it cannot be done; what was begun must be put back.
            NoAnswer: nobody could tell; ask again later.
            LeaseLost: another worker does it now.
        """

    def put_back(self, work: Work) -> list[str]:
        """Undo what was done, as far as that can be, and return the sentences about what could not be.

        Raises:
            NoAnswer: nobody could tell; ask again later.
            LeaseLost: another worker does it now.
        """
