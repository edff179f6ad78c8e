"""Who may read which part of the log. The rule lives above this app, and is loaded by its path."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Reach:
    """The part of the log that somebody may read.

    Attributes:
        whole: everything, also what belongs to no project (accounts, roles, policies).
        projects: the slugs of the projects whose events they may read, in their order.
    """

    whole: bool
    projects: Sequence[str]

    def includes(self, project: str | None) -> bool:
        """Return whether an event of that project (or of none) may be read."""
        return self.whole or project in self.projects


class ReachOf(Protocol):
    """What settings.AUDIT_READER names."""

    def __call__(self, user: Any) -> Reach:
        """Return the account's reach, with a number of queries that is always the same."""


def reach_of(user: Any) -> Reach:
    """Return the part of the log that the account may read now."""
    rule: ReachOf = import_string(settings.AUDIT_READER)
    return rule(user)
