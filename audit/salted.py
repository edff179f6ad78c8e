"""The values behind commitments with their salts, for whoever compares the two."""

import base64
from collections.abc import Collection, Mapping

from django.db import connection

from audit.privacy.disclosures import DISCLOSED, opened_rows

Salted = Mapping[str, tuple[bytes, str]]
"""By field: the salt, and the value."""


def salted_values(event_ids: Collection[int]) -> dict[int, Salted]:
    """Return, by event, what is still disclosed; one query.

    Raises:
        WrongPrivacyKey: the portal's secret does not open a key.
    """
    with connection.cursor() as cursor:
        cursor.execute(DISCLOSED, {"ids": list(event_ids)})
        opened = opened_rows(cursor.fetchall())
    return {
        event: {field: (base64.b64decode(salt), value) for field, (salt, value) in of.items()}
        for event, of in opened.items()
    }
