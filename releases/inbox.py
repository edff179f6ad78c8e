"""What concerns one person: how much waits for them, what of theirs is stuck, and what was decided lately."""

from datetime import timedelta
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from catalog.models import User
from catalog.statement import rows_of
from releases.seen import IN_VISIBLE_PROJECT, parameters_of
from releases.states import FINAL, STUCK, ChangeRequestState

RECENT: Final = timedelta(days=14)
_LOOKED_AT: Final = 50
"""Of the newest that somebody signed, and of the newest that they asked for."""

_WAITING: Final = f"""
SELECT count(*) FROM releases_changerequest cr
WHERE cr.state = 'awaiting_approval'
  AND cr.waiting_for @> ARRAY[%(caller)s]::bigint[] AND {IN_VISIBLE_PROJECT}
"""  # noqa: S608 -- composed of constants

# What somebody signed or asked for is looked up first: with "in this set or in that one" the database would
# read every change request there is.
_LATELY: Final = f"""
WITH mine AS (
    (SELECT change_request_id AS number FROM releases_approval
     WHERE person_id = %(caller)s ORDER BY id DESC LIMIT {_LOOKED_AT})
    UNION
    (SELECT number FROM releases_changerequest
     WHERE requested_by_id = %(caller)s ORDER BY number DESC LIMIT {_LOOKED_AT})
)
SELECT ARRAY(
    SELECT cr.number FROM releases_changerequest cr
    WHERE cr.requested_by_id = %(caller)s
      AND (cr.state = 'blocked' OR (cr.state = ANY(%(stuck)s) AND cr.state_since > %(since)s))
      -- said once more as the index says it
      AND cr.state IN ({", ".join(f"'{state}'" for state in (*STUCK, ChangeRequestState.BLOCKED))})
      AND {IN_VISIBLE_PROJECT}
    ORDER BY cr.number DESC LIMIT %(most)s
), ARRAY(
    SELECT cr.number FROM mine JOIN releases_changerequest cr USING (number)
    WHERE cr.state = ANY(%(final)s) AND {IN_VISIBLE_PROJECT}
    ORDER BY cr.state_since DESC, cr.number DESC LIMIT %(most)s
)
"""  # noqa: S608 -- composed of constants


def count_waiting_for(user: User) -> int:
    """Return it: ``ChangeRequest.objects.visible_to(user).waiting_for(user).count()``, prepared."""
    [(count,)] = rows_of(_WAITING, parameters_of(user))
    return int(count)


def stuck_and_decided(user: User, most: int) -> tuple[list[int], list[int]]:
    """Return the numbers of change requests that the person may see, at most so many of each.

    The first are their own that will not go on by themselves, the newest first. The second are what they
    asked for or signed and what has ended since, what ended last first.
    """
    wanted: dict[str, Any] = {
        **parameters_of(user),
        "since": timezone.now() - RECENT,
        "stuck": [str(state) for state in STUCK],
        "final": [str(state) for state in FINAL],
        "most": most,
    }
    # Planned for this person: some have all rows, and most have none.
    with connection.cursor() as cursor:
        cursor.execute(_LATELY, wanted)
        [(stuck, decided)] = cursor.fetchall()
    return stuck, decided
