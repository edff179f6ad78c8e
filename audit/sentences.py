"""An event as one sentence for people."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from audit.models import Event
from audit.names import EventName
from audit.parts import part_of
from audit.privacy.disclosures import disclosed

ERASED = "(erased)"


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ERASED


@cache
def sentence_templates() -> Mapping[str, str]:
    """Return every event name with its sentence, from the lists that settings.AUDIT_EVENTS names."""
    templates: dict[str, str] = {}
    for path in settings.AUDIT_EVENTS:
        events: type[EventName] = import_string(path)
        templates.update({str(member): member.sentence for member in events})
    return templates


def sentence_of(event: Event, values: Mapping[str, str]) -> str:
    """Return what happened, with the names that are still disclosed."""
    return sentence_for(event.facts, event.stream, values)


def sentence_for(body: Mapping[str, Any], stream: str, values: Mapping[str, str]) -> str:
    """Return what an entry's body says, with the names that are disclosed."""
    kind = str(body.get("type", ""))
    template = sentence_templates().get(kind)
    if template is None:
        return f"{kind} ({stream})".strip()
    facts = _Facts(part_of(body, "data"))
    facts.update({"object": part_of(body, "object").get("label", stream)})
    facts.update({"project": body.get("project") or ""})
    facts.update(values)
    return template.format_map(facts).strip()


def with_sentences(events: Iterable[Event]) -> list[Event]:
    """Return the events, each with ``sentence``, ``actor_name`` and ``disclosed`` set; one query in all."""
    listed = list(events)
    said = disclosed([event.pk for event in listed])
    for event in listed:
        values = said.get(event.pk, {})
        event.disclosed = values  # type: ignore[attr-defined]  # set beside the columns
        event.actor_name = values.get("actor", ERASED)  # type: ignore[attr-defined]  # set beside the columns
        event.sentence = sentence_of(event, values)  # type: ignore[attr-defined]  # set beside the columns
    return listed
