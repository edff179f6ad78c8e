"""What is asked about controls: which projects, which environment, which period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from audit.controls.errors import QuestionRefused
from audit.reach import Reach
from audit.times import in_utc

USUAL_PERIOD: Final = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the answer is about.

    Attributes:
        projects: their slugs; None is all of them.
        environment: the name of the only one; None is all of them.
        since: beginning of the period, included.
        until: its end, not included; None is now.
    """

    projects: tuple[str, ...] | None
    environment: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def project(self) -> str | None:
        """The only project, if it is one."""
        return self.projects[0] if self.projects is not None and len(self.projects) == 1 else None

    @property
    def parameters(self) -> dict[str, Any]:
        """The values for the checks' SQL."""
        return {
            "projects": None if self.projects is None else list(self.projects),
            "environment": self.environment,
            "since": self.since,
            "until": self.until,
        }

    @property
    def document(self) -> dict[str, Any]:
        """The question as JSON."""
        return {
            "projects": None if self.projects is None else list(self.projects),
            "environment": self.environment,
            "since": in_utc(self.since),
            "until": in_utc(self.until),
        }


def question(
    reach: Reach,
    *,
    project: str | None = None,
    environment: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Question:
    """Return the question of a reader, who asks about no more than they may read.

    Raises:
        QuestionRefused: it makes no sense, or goes further than the reader may read.
    """
    if project and not reach.includes(project):
        raise QuestionRefused("There is no such project that you may audit.", field="project")
    if environment and not project:
        raise QuestionRefused("Say which project the environment is in.", field="environment")
    if since and until and since >= until:
        raise QuestionRefused("The period ends before it begins.", field="until")
    return Question(
        projects=_projects(reach, project),
        environment=environment or None,
        since=since,
        until=until,
    )


def _projects(reach: Reach, project: str | None) -> tuple[str, ...] | None:
    if project:
        return (project,)
    listed: Sequence[str] = reach.projects
    return None if reach.whole else tuple(listed)


def usual_since(today: datetime) -> datetime:
    """Return where the period begins unless somebody says otherwise: midnight, some weeks ago."""
    begin = today.astimezone(UTC) - USUAL_PERIOD
    return begin.replace(hour=0, minute=0, second=0, microsecond=0)
