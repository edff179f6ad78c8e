"""A change request as one row of a list, the same in the inbox, on a project's page and in lists."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.urls import reverse

from catalog.models import User
from releases.models import ChangeRequest
from releases.states import ChangeRequestState

SHOWN_WITH: Final = ("project", "environment", "release", "requested_by")
"""What a queryset of change requests must select along, so that a list costs one query."""


@dataclass(frozen=True)
class RequestRow:
    """What ``components/request_row.html`` draws."""

    label: str
    url: str
    state: str
    release: str
    project: str
    environment: str
    requested_by: str
    requested_by_kind: str
    when: datetime
    kind: str
    risk: str
    ask: str = ""
    action_label: str = ""


def row_of(
    change_request: ChangeRequest, *, ask: str = "", action_label: str = "", with_risk: bool = True
) -> RequestRow:
    """Return the row.

    Args:
        ask: the sentence that says what is wanted from the reader.
        with_risk: off where all rows are of one project, whose page says its risk.
    """
    return RequestRow(
        label=change_request.label,
        url=address_of(change_request.number),
        state=change_request.state,
        release=change_request.release.version,
        project=change_request.project.name,
        environment=change_request.environment.name,
        requested_by=change_request.requested_by.display_name,
        requested_by_kind=kind_of(change_request.requested_by),
        when=change_request.requested_at,
        kind=change_request.kind,
        risk=change_request.project.risk_tier if with_risk else "",
        ask=ask,
        action_label=action_label,
    )


def address_of(number: int) -> str:
    """Return the page of a change request."""
    return reverse("portal:change-request", args=[number])


def kind_of(user: User) -> str:
    """Return what the avatar shows: a person, or something that acts by itself."""
    return "person" if user.is_person else "service"


def waits_for(change_request: ChangeRequest, user: User) -> str:
    """Return which rules wait for this person's signature, as a sentence."""
    titles = signs_for(change_request.rules, user)
    return f"{in_words(titles)} waits for your signature." if titles else "It waits for you."


def signs_for(rules: list[dict[str, Any]], user: User) -> list[str]:
    """Return the titles of the rules that miss a signature which this person may give."""
    return [
        rule["title"]
        for rule in rules
        if rule["missing"] and user.username in {each["username"] for each in rule["eligible"]}
    ]


def held_up_by(change_request: ChangeRequest) -> str:
    """Return what stands in the way, in one sentence, for lists."""
    if change_request.state == ChangeRequestState.BLOCKED and change_request.blocking:
        first, *others = change_request.blocking
        more = f" And {len(others)} more." if others else ""
        return f"{first}{more}"
    if change_request.state == ChangeRequestState.AWAITING_APPROVAL:
        missing = [rule["title"] for rule in change_request.rules if rule["missing"]]
        return f"Waits for {in_words(missing)}." if missing else ""
    return ""


def in_words(names: list[str]) -> str:
    """Return ``A``, ``A and B`` or ``A, B and C``."""
    *first, last = names or [""]
    return f"{', '.join(first)} and {last}" if first else last
