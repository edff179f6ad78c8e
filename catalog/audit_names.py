"""Whom a word names. The audit app asks by settings.AUDIT_NAMES, since entries hold pseudonyms only."""

import re
from collections.abc import Sequence
from typing import Final

from django.db.models import Q

from catalog.models import User

MOST: Final = 500
"""Accounts that a search is about at most."""

_SHORTEST: Final = 2
_FIELDS: Final = ("username", "full_name", "first_name", "last_name")


def known_by(words: Sequence[str]) -> dict[str, list[str]]:
    """Return, for each word, the pseudonyms of the accounts in whose name a word begins so; one query."""
    wanted = [word for word in words if len(word) >= _SHORTEST]
    if not wanted:
        return {}
    asked = Q()
    for word in wanted:
        for field in _FIELDS:
            asked |= Q(**{f"{field}__icontains": word})
    found: dict[str, list[str]] = {word: [] for word in wanted}
    rows = User.objects.filter(asked).order_by("pk").values_list("pseudonym", *_FIELDS)
    for pseudonym, *names in rows[:MOST]:
        called = " ".join(names).lower()
        for word in wanted:
            if re.search(rf"(?<!\w){re.escape(word)}", called):
                found[word].append(pseudonym)
    return found
