"""The keys under which private values are written: one per subject, made when it is first needed.

A process remembers a key for some minutes, so that an audited write costs no query more. What is written
under a key that was destroyed meanwhile can be read by nobody, which is what erasure means. A key that was
made by a transaction is remembered only once that has committed: rolled back, it was never there.
"""

import time
from collections.abc import Collection, Mapping
from functools import partial
from typing import Final

from django.db import connection, transaction

from audit.privacy.wrapping import Key, new_wrapped_key, unwrap

REMEMBERED: Final = 300.0
"""Seconds."""

_MOST: Final = 10_000

_FIND_OR_MAKE: Final = """
WITH wanted AS (
    SELECT subject, wrapped FROM unnest(%s::text[], %s::bytea[]) AS w (subject, wrapped)
), made AS (
    INSERT INTO audit_subjectkey (subject, wrapped, made_at)
    SELECT subject, wrapped, clock_timestamp() FROM wanted w
    WHERE NOT EXISTS (SELECT FROM audit_subjectkey k WHERE k.subject = w.subject)
    ORDER BY subject
    ON CONFLICT (subject) DO NOTHING
    RETURNING subject, wrapped
)
SELECT subject, wrapped, true FROM made
UNION ALL
SELECT k.subject, k.wrapped, false FROM audit_subjectkey k JOIN wanted USING (subject)
"""

_remembered: dict[str, tuple[float, Key | None]] = {}
_not_committed: set[str] = set()


def keys_of(subjects: Collection[str]) -> Mapping[str, Key | None]:
    """Return each subject's key; None where it was destroyed, and nothing more may be kept.

    Raises:
        WrongPrivacyKey: the portal's secret does not open a key.
    """
    now = time.monotonic()
    found: dict[str, Key | None] = {}
    for subject in subjects:
        until, key = _remembered.get(subject, (0.0, None))
        if until > now:
            found[subject] = key
    missing = [subject for subject in subjects if subject not in found]
    return found | _looked_up(missing) if missing else found


def forget(*subjects: str) -> None:
    """Forget these keys in this process; all of them when none is named."""
    if not subjects:
        _remembered.clear()
        _not_committed.clear()
    for subject in subjects:
        _remembered.pop(subject, None)


def _looked_up(subjects: list[str]) -> dict[str, Key | None]:
    keys: dict[str, Key | None] = {}
    while missing := sorted(set(subjects) - keys.keys()):
        offered = {subject: new_wrapped_key(subject)[1] for subject in missing}
        with connection.cursor() as cursor:
            cursor.execute(_FIND_OR_MAKE, [list(offered), list(offered.values())])
            # What another transaction made while this one looked is found by looking again.
            for subject, wrapped, is_new in cursor.fetchall():
                keys[subject] = unwrap(subject, bytes(wrapped)) if wrapped is not None else None
                _remember(subject, keys[subject], is_new=is_new)
    return keys


def _remember(subject: str, key: Key | None, *, is_new: bool) -> None:
    if is_new:
        _not_committed.add(subject)
        transaction.on_commit(partial(_settle, subject, key))
    elif subject not in _not_committed:
        if len(_remembered) >= _MOST:
            _remembered.clear()
        _remembered[subject] = (time.monotonic() + REMEMBERED, key)


def _settle(subject: str, key: Key | None) -> None:
    _not_committed.discard(subject)
    _remember(subject, key, is_new=False)
