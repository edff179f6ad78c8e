"""A change request as one row of a list, the same in the inbox, on a project's page and in lists."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, Self

import orjson
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.urls import reverse

from catalog.models import User
from catalog.models.user import UserKind
from releases.models import ChangeRequest
from releases.states import ChangeRequestState

SHOWN_WITH: Final = ("project", "environment", "release", "requested_by")
"""What a queryset of change requests must select along, so that a list costs one query."""

# Which ones and in which order is the ORM's; to make objects of five tables out of each row took longer than
# all the rest of a list.
_LISTED: Final = """
SELECT cr.number, cr.state, cr.kind, cr.requested_at, cr.blocking, cr.rules,
    r.version, p.name, p.risk_tier, e.name,
    coalesce(nullif(u.full_name, ''), nullif(btrim(u.first_name || ' ' || u.last_name), ''), u.username),
    u.kind
FROM unnest(ARRAY({chosen})) WITH ORDINALITY AS chosen (number, place)
JOIN releases_changerequest cr ON cr.number = chosen.number
JOIN catalog_project p ON p.id = cr.project_id
JOIN catalog_environment e ON e.id = cr.environment_id
JOIN releases_release r ON r.id = cr.release_id
JOIN catalog_user u ON u.id = cr.requested_by_id
ORDER BY chosen.place
"""


class Listed(NamedTuple):
    """What a list shows of a change request."""

    number: int
    state: str
    kind: str
    requested_at: datetime
    blocking: list[str]
    rules: list[dict[str, Any]]
    release: str
    project: str
    risk: str
    environment: str
    requested_by: str
    account_kind: str

    @classmethod
    def of(cls, request: ChangeRequest) -> Self:
        """Return the same of one that was read with ``SHOWN_WITH``."""
        return cls(
            number=request.number,
            state=request.state,
            kind=request.kind,
            requested_at=request.requested_at,
            blocking=request.blocking,
            rules=request.rules,
            release=request.release.version,
            project=request.project.name,
            risk=request.project.risk_tier,
            environment=request.environment.name,
            requested_by=request.requested_by.display_name,
            account_kind=request.requested_by.kind,
        )


def listed(requests: "QuerySet[ChangeRequest]") -> list[Listed]:
    """Read change requests for a list, in the queryset's order; one query."""
    try:
        chosen, parameters = requests.values_list("number").query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_LISTED.format(chosen=chosen), parameters)
        rows = cursor.fetchall()
    return [
        Listed._make((*row[:4], orjson.loads(row[4]), orjson.loads(row[5]), *row[6:]))
        for row in rows
    ]


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
    change_request: ChangeRequest | Listed, *, ask: str = "", action_label: str = "",
    with_risk: bool = True,
) -> RequestRow:  # fmt: skip
    """Return the row.

    Args:
        ask: the sentence that says what is wanted from the reader.
        with_risk: off where all rows are of one project, whose page says its risk.
    """
    shown = change_request if isinstance(change_request, Listed) else Listed.of(change_request)
    return RequestRow(
        label=f"CR-{shown.number}",
        url=address_of(shown.number),
        state=shown.state,
        release=shown.release,
        project=shown.project,
        environment=shown.environment,
        requested_by=shown.requested_by,
        requested_by_kind=_drawn_as(shown.account_kind),
        when=shown.requested_at,
        kind=shown.kind,
        risk=shown.risk if with_risk else "",
        ask=ask,
        action_label=action_label,
    )


def address_of(number: int) -> str:
    """Return the page of a change request."""
    return reverse("portal:change-request", args=[number])


def kind_of(user: User) -> str:
    """Return what the avatar shows: a person, or something that acts by itself."""
    return _drawn_as(user.kind)


def _drawn_as(kind: str) -> str:
    return "person" if kind == UserKind.PERSON else "service"


def waits_for(change_request: ChangeRequest | Listed, user: User) -> str:
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


def held_up_by(change_request: ChangeRequest | Listed) -> str:
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
