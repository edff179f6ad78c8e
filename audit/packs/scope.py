"""What a pack is to hold: which changes, of which time, how much of the log."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

from audit.controls.catalogue import control_named
from audit.packs.errors import PackRefused
from audit.times import in_utc

VERSION: Final = "gatehouse.pack-scope/v1"
MOST_NAMED: Final = 10_000
MOST_SAMPLES: Final = 500
USUAL_SAMPLES: Final = 25
LONGEST_PURPOSE: Final = 500


class Mode(StrEnum):
    """How much of the log goes into the pack."""

    PART = "part"
    """The entries in scope, with the tiles that prove them."""
    FULL = "full"
    """Every entry of the log: anybody can draw the population anew."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What is asked for.

    Attributes:
        project: slug of the only project; None is all of them.
        environment: name of the only environment; needs a project.
        change_requests: numbers of the only change requests; None is all that had an event in the period.
        since: beginning of the period, included.
        until: its end, not included.
        control: name of the control whose checks go into the pack row by row, such as ``soc2/CC8.1``.
        mode: how much of the log.
        samples: how many change requests are drawn to be shown with everything.
        sampled: numbers of those to be shown instead of drawn ones.
        purpose: what the pack is for, in the asker's words.
    """

    project: str | None = None
    environment: str | None = None
    change_requests: tuple[int, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    control: str | None = None
    mode: Mode = Mode.PART
    samples: int = USUAL_SAMPLES
    sampled: tuple[int, ...] | None = None
    purpose: str = ""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return the scope that ``document`` wrote."""
        drawn = document["samples"]
        return cls(
            project=document["project"],
            environment=document["environment"],
            change_requests=_numbers(document["change_requests"]),
            since=_moment(document["since"]),
            until=_moment(document["until"]),
            control=document.get("control"),  # packs of earlier versions do not say
            mode=Mode(document["mode"]),
            samples=drawn.get("drawn", 0),
            sampled=_numbers(drawn.get("named")),
            purpose=document["purpose"],
        )

    @property
    def document(self) -> dict[str, Any]:
        """The scope as JSON, as the pack holds it."""
        named = None if self.sampled is None else list(self.sampled)
        return {
            "scope": VERSION,
            "project": self.project,
            "environment": self.environment,
            "change_requests": None if self.change_requests is None else list(self.change_requests),
            "since": in_utc(self.since),
            "until": in_utc(self.until),
            "control": self.control,
            "mode": str(self.mode),
            "samples": {"drawn": self.samples} if named is None else {"named": named},
            "purpose": self.purpose,
        }

    @property
    def parameters(self) -> dict[str, Any]:
        """The values for the populations' SQL."""
        return {
            "project": self.project,
            "projects": [self.project] if self.project else None,
            "environment": self.environment,
            "numbers": None if self.change_requests is None else list(self.change_requests),
            "since": self.since,
            "until": self.until,
        }

    @property
    def is_everything(self) -> bool:
        """Whether it takes in everything of a project (or of the portal) in the period."""
        return self.environment is None and self.change_requests is None

    @property
    def sentence(self) -> str:
        """The scope in words."""
        parts = [f"project {self.project}" if self.project else "all projects"]
        if self.environment:
            parts.append(f"environment {self.environment}")
        if self.change_requests is not None:
            parts.append(_listed(self.change_requests))
        if self.since:
            parts.append(f"from {self.since:%Y-%m-%d %H:%M}")
        if self.until:
            parts.append(f"to {self.until:%Y-%m-%d %H:%M}")
        if self.control:
            parts.append(f"the control {self.control}")
        parts.append("the whole log" if self.mode == Mode.FULL else "the log's part")
        return ", ".join(parts)

    def checked(self) -> "Scope":
        """Return the scope in its one form.

        Raises:
            PackRefused: it makes no sense.
        """
        if self.environment and not self.project:
            raise PackRefused("Say which project the environment is in.", field="environment")
        if self.since and self.until and self.since >= self.until:
            raise PackRefused("The period ends before it begins.", field="until")
        if self.control is not None and control_named(self.control) is None:
            raise PackRefused("There is no such control.", field="control")
        if not 0 <= self.samples <= MOST_SAMPLES:
            raise PackRefused(f"Draw 0 to {MOST_SAMPLES} samples.", field="samples")
        if len(self.purpose) > LONGEST_PURPOSE or "\x00" in self.purpose:
            raise PackRefused(f"At most {LONGEST_PURPOSE} characters.", field="purpose")
        return replace(
            self,
            change_requests=_checked(self.change_requests, MOST_NAMED, "change_requests"),
            sampled=_checked(self.sampled, MOST_SAMPLES, "sampled"),
            purpose=self.purpose.strip(),
        )


def _checked(numbers: tuple[int, ...] | None, most: int, field: str) -> tuple[int, ...] | None:
    if numbers is None:
        return None
    if not numbers or len(numbers) > most:
        raise PackRefused(f"Name 1 to {most} change requests.", field=field)
    if any(not 0 < number < 2**63 for number in numbers):
        raise PackRefused("There is no change request of such a number.", field=field)
    return tuple(sorted(set(numbers)))


def _listed(numbers: tuple[int, ...]) -> str:
    shown = ", ".join(f"CR-{number}" for number in numbers[:5])
    return shown if len(numbers) <= 5 else f"{shown} and {len(numbers) - 5} more"  # noqa: PLR2004 -- as above


def _numbers(listed: list[int] | None) -> tuple[int, ...] | None:
    return None if listed is None else tuple(listed)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
