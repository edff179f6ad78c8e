"""Where the thing is that an event is about. Its pages live above this app; the rule is loaded by path."""

from typing import Protocol

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
