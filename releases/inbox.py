"""How many change requests wait for somebody's signature: every page says it."""

from typing import Final

from catalog.models import User
from catalog.statement import rows_of
from releases.seen import IN_VISIBLE_PROJECT, parameters_of

_WAITING: Final = f"""
SELECT count(*) FROM releases_changerequest cr
WHERE cr.state = 'awaiting_approval'
  AND cr.waiting_for @> ARRAY[%(caller)s]::bigint[] AND {IN_VISIBLE_PROJECT}
"""  # noqa: S608 -- composed of constants


def count_waiting_for(user: User) -> int:
    """Return it: ``ChangeRequest.objects.visible_to(user).waiting_for(user).count()``, prepared."""
    [(count,)] = rows_of(_WAITING, parameters_of(user))
    return int(count)
