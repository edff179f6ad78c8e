"""Everything about an environment at a moment, put together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.utils import timezone

from audit.models import Event
from audit.reach import Reach
from catalog.errors import InvalidInput, NotPermitted
from catalog.models import Environment, User
from portal.moment.decision import Decision, decision_about, policy_in_force, under_way
from portal.moment.history import History, data_of
from portal.moment.rights import Right, administrators, rights_in
from portal.moment.running import Running, what_ran

MOST_ODD: Final = 20
"""Entries of another shape that are told one by one."""


@dataclass(frozen=True)
class Moment:
    """An environment as it was.

    Attributes:
        at: the moment.
        running: what ran.
        decision: how that was decided; None when nothing ran.
        policy: the entry that put the policy in force that held then.
        under_way: the number of the request that was being carried out, and the entry of its beginning.
        rights: who might do what.
        administrators: who may do everything but sign.
        odd: sentences about entries that nothing was computed from.
    """

    environment: Environment
    at: datetime
    running: Running
    decision: Decision | None
    policy: Event | None
    under_way: tuple[int, Event] | None
    rights: Sequence[Right]
    administrators: Sequence[User] = field(default_factory=list)
    odd: Sequence[str] = ()

    @property
    def problems(self) -> list[str]:
        """Where tables and entries disagree; none in a sound installation."""
        decided = self.decision.problems if self.decision else []
        more = len(self.odd) - MOST_ODD
        rest = [f"And {more} more entries of another shape."] if more > 0 else []
        return [*self.running.problems, *decided, *self.odd[:MOST_ODD], *rest]

    @property
    def under_way_sentences(self) -> list[str]:
        """What was being carried out, for people."""
        if self.under_way is None:
            return []
        number, since = self.under_way
        return [f"CR-{number}, since {_said(since.recorded_at)}."]

    @property
    def policy_label(self) -> str:
        """The policy in force, such as ``standard v3``; empty when none was."""
        return str(data_of(self.policy).get("policy", "")) if self.policy else ""

    @property
    def policy_digest(self) -> str:
        """The digest of that version."""
        return str(data_of(self.policy).get("digest", "")) if self.policy else ""


def moment_of(environment: Environment, at: datetime, reach: Reach) -> Moment:
    """Return the environment as it was; the same number of queries for any history.

    Args:
        environment: with its project.
        at: when.
        reach: the reader's; entries of no project are shown to those who read everything.

    Raises:
        NotPermitted: the reader may not read the project's log.
        InvalidInput: the moment is in the future, or before the environment was there.
    """
    project = environment.project.slug
    if not reach.includes(project):
        raise NotPermitted(
            f"What {environment} was at a moment is read from the audit log of {project}. A role with the "
            "permission 'view_audit' there would allow it; the project's administrators give roles."
        )
    history = History(project, at)
    _refuse_elsewhen(environment, history)
    running = what_ran(environment, history)
    decision = decision_about(running.newest, history) if running.newest else None
    found = Moment(
        environment,
        at,
        running,
        decision,
        policy_in_force(environment, history),
        under_way(environment, history),
        rights_in(environment, history),
        administrators(history),
        history.odd,
    )
    history.finish(reach)
    return found


def _refuse_elsewhen(environment: Environment, history: History) -> None:
    at = history.at
    if at > timezone.now():
        raise InvalidInput.of(
            "time", f"{_said(at)} lies in the future: nothing is recorded about it yet."
        )
    entries = Event.objects.of_stream(environment.audit_stream)
    added = entries.values_list("recorded_at", flat=True).first()
    if added is not None and added <= at:
        return
    when = f"was added on {_said(added)}" if added else "has no entry in the log"
    raise InvalidInput.of(
        "time",
        f"{environment.project.slug}/{environment.name} {when}: there is nothing about "
        f"{_said(at)} in the log. Choose a later moment.",
    )


def _said(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"
