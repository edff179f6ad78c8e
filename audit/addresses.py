"""Where the thing is that an event is about. Its pages live above this app; the rule is loaded by path."""

from collections.abc import Mapping
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from audit.models import Event


class AddressOf(Protocol):
    """What settings.AUDIT_ADDRESSES names."""

    def __call__(self, event: Event) -> str:
        """Return the address of the page, without a query; empty when it has none."""


def address_of(event: Event) -> str:
    """Return the address of what the event is about, empty when it has no page."""
    rule: AddressOf = import_string(settings.AUDIT_ADDRESSES)
    return rule(event)


class PageOf(Protocol):
    """What settings.AUDIT_PAGES names."""

    def __call__(self, thing: Mapping[str, Any]) -> str:
        """Return the address of a thing with ``type``, ``id`` and ``label``; empty when it has none."""


def page_of(about: str, key: str, label: str) -> str:
    """Return the address of a thing that no event led to, empty when it has no page."""
    rule: PageOf = import_string(settings.AUDIT_PAGES)
    return rule({"type": about, "id": key, "label": label})
