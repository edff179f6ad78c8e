"""What destinations may not share, and what an event says of a set-up."""

from typing import Any

from audit.streaming.errors import StreamingRefused
from audit.streaming.models import CONFIGURED, Destination
from audit.streaming.wanted import Wanted


def refuse_taken(wanted: Wanted, *, but: int | None = None) -> None:
    """Refuse a name or a file that another destination has.

    Raises:
        StreamingRefused: says which field.
    """
    others = Destination.objects.all() if but is None else Destination.objects.exclude(pk=but)
    if others.filter(name=wanted.name).exists():
        raise StreamingRefused("Another destination has this name.", field="name")
    if wanted.file_name and others.filter(file_name=wanted.file_name).exists():
        raise StreamingRefused("Another destination writes this file.", field="file_name")


def facts_of(destination: Destination) -> dict[str, Any]:
    """Return the set-up for an event: of an address its host only, for its path may be a secret."""
    facts = {name: getattr(destination, name) for name in CONFIGURED if name != "url"}
    return {**facts, "place": destination.place}
