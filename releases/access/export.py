"""Access as a table that one takes away."""

from collections.abc import Mapping
from typing import Any, Final

from audit.packs.csv_text import document
from releases.access.access import Access, Reviewed
from releases.access.rights import Right
from releases.models import AccessDecision, AccessReview

HEADER: Final = (
    "account", "name", "kind", "right", "how", "team", "environments", "may", "counts_for", "given_at",
    "given_by", "until", "last_used", "to_look_at", "verdict", "note", "decided_by", "decided_at",
)  # fmt: skip

SIGNED_HEADER: Final = (
    "account", "kind", "right", "how", "team", "environments", "may", "counts_for", "until", "to_look_at",
    "verdict", "decided_by", "decided_at",
)  # fmt: skip


def as_csv(access: Access, beside: Reviewed | None = None) -> bytes:
    """Return one row per right, with the decisions of a review if there is one."""
    odd = sentences_by_key(access)
    rows = [
        _row(right, odd, beside.decision_on(right) if beside else None) for right in access.rights
    ]
    return document(HEADER, rows)


def sentences_by_key(access: Access) -> Mapping[str, list[str]]:
    """Return what is odd, by the rights that make it up."""
    odd: dict[str, list[str]] = {}
    for each in access.combinations:
        where = f" in {each.environment}" if each.environment else ""
        for key in each.keys:
            odd.setdefault(key, []).append(f"{each.sentence}{where}")
    return odd


def _row(
    right: Right, odd: Mapping[str, list[str]], decision: AccessDecision | None
) -> tuple[Any, ...]:
    account = right.account
    return (
        account.username,
        account.display_name,
        account.kind,
        right.role,
        str(right.way),
        right.team.slug if right.team else None,
        " ".join(right.environments),
        ", ".join(right.powers),
        "; ".join(right.counts_for),
        right.given_at,
        right.given_by,
        right.until,
        right.last_used,
        "; ".join(odd.get(right.key, ())),
        decision.verdict if decision else None,
        decision.note if decision else None,
        decision.decided_by.username if decision else None,
        decision.decided_at if decision else None,
    )


def signed_csv(review: AccessReview) -> bytes:
    """Return what was signed, row by row, with people by their pseudonyms as in the signed document."""
    written = review.document or {}
    odd: dict[str, list[str]] = {}
    for each in written.get("combinations", ()):
        for key in each["rights"]:
            odd.setdefault(key, []).append(f"{each['name']} {each['environment'] or ''}".strip())
    rows = [
        (
            each["account"],
            each["kind"],
            each["role"],
            each["way"],
            each["team"],
            " ".join(each["environments"]),
            " ".join(each["verbs"]),
            "; ".join(each["counts_for"]),
            each["until"],
            "; ".join(odd.get(each["key"], ())),
            each["verdict"],
            each["decided_by"],
            each["decided_at"],
        )
        for each in (*written.get("rights", ()), *written.get("revoked", ()))
    ]
    return document(SIGNED_HEADER, rows)
