"""How long data is kept, by class: policy as data. ``retention.json`` holds where nobody changed it here.

Entries, their leaves and the tree are in no class: they stay, and so do all proofs.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from audit.privacy.models import RetentionPeriod

_FILE: Final = Path(__file__).parent / "retention.json"


@dataclass(frozen=True)
class RetentionClass:
    """One class of data.

    Attributes:
        name: for addresses and events.
        title: for people.
        what: it is, in a sentence.
        days: how long it is kept; None is without end.
        pruner: the dotted path of what removes it.
        fields: of private values, which it is about.
        preset: the days that ``retention.json`` says.
    """

    name: str
    title: str
    what: str
    days: int | None
    pruner: str
    fields: tuple[str, ...] = ()
    preset: int | None = None

    @property
    def period(self) -> str:
        """How long, in words."""
        return in_words(self.days)


def in_words(days: int | None) -> str:
    """Return a period for people."""
    return "without end" if days is None else f"{days} days"


@cache
def preset_classes() -> Sequence[RetentionClass]:
    """Return the classes as the file has them."""
    listed = json.loads(_FILE.read_text(encoding="utf-8"))["classes"]
    return tuple(
        RetentionClass(**each | {"fields": tuple(each.get("fields", ())), "preset": each["days"]})
        for each in listed
    )


def retention_classes() -> list[RetentionClass]:
    """Return the classes with the periods that hold now; one query."""
    changed = {each.name: each.days for each in RetentionPeriod.objects.all()}
    return [replace(each, days=changed.get(each.name, each.days)) for each in preset_classes()]
