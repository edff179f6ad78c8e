"""Legal holds: what they are on is neither erased nor pruned."""

from collections.abc import Sequence
from typing import Final

from django.db import connection

from audit.privacy.models import HoldKind, LegalHold

_TOUCHED: Final = """
SELECT h.id FROM audit_legalhold h
WHERE h.lifted_at IS NULL AND (
    (h.kind = 'subject' AND h.about = %(subject)s)
    OR (h.kind <> 'subject' AND EXISTS (
        SELECT FROM audit_event e LEFT JOIN audit_disclosure d ON d.event_id = e.id
        WHERE CASE h.kind WHEN 'project' THEN e.project = h.about
              ELSE e.stream = 'change-request/' || h.about END
            AND (e.actor = %(subject)s OR EXISTS (
                SELECT FROM jsonb_object_keys(coalesce(d.sealed, '{}')) owner
                WHERE %(subject)s = ANY(string_to_array(owner, ' ')))
            )
    ))
)
ORDER BY h.id
"""

KEPT_EVENTS: Final = """
(
    EXISTS (SELECT FROM audit_legalhold h WHERE h.lifted_at IS NULL AND h.kind = 'project'
        AND h.about = e.project)
    OR EXISTS (SELECT FROM audit_legalhold h WHERE h.lifted_at IS NULL AND h.kind = 'change_request'
        AND 'change-request/' || h.about = e.stream)
    OR EXISTS (SELECT FROM audit_legalhold h WHERE h.lifted_at IS NULL AND h.kind = 'subject'
        AND (h.about = e.actor OR 'account/' || h.about = e.stream OR EXISTS (
            SELECT FROM jsonb_object_keys(d.sealed) owner
            WHERE h.about = ANY(string_to_array(owner, ' '))
        )))
)
"""
"""A condition on an event ``e`` and its disclosure ``d``: it is held."""


def keep_holds_as_they_are(*, alone: bool = False) -> None:
    """Let nobody place or lift a hold until the transaction ends: what is not held stays so.

    Args:
        alone: wait for all others that keep them so, and let them wait.
    """
    mode = "SHARE ROW EXCLUSIVE" if alone else "SHARE"
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE audit_legalhold IN {mode} MODE")


def holds_on(subject: str) -> list[LegalHold]:
    """Return the holds that keep a person's data: on them, or on a project or request they had part in."""
    with connection.cursor() as cursor:
        cursor.execute(_TOUCHED, {"subject": subject})
        found = [pk for (pk,) in cursor.fetchall()]
    return list(LegalHold.objects.filter(pk__in=found).order_by("pk"))


def sentence_of(holds: Sequence[LegalHold]) -> str:
    """Say what stands in the way, and what would clear it."""
    [first, *others] = holds
    more = f", and {len(others)} more" if others else ""
    return (
        f"The data is under a legal hold since {first.placed_at:%d %B %Y}, on {first.what}{more}. "
        "It can be erased when the hold is lifted."
    )


def held(kind: HoldKind) -> list[str]:
    """Return what is held of a kind."""
    return list(LegalHold.objects.filter(kind=kind, lifted_at=None).values_list("about", flat=True))
