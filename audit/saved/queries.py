"""A filter as it is kept: the fields of the page's address, in their order."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from audit.forms import EventFilter


def query_of(asked: Mapping[str, Any]) -> str:
    """Return a filter's fields, and nothing else of what was asked."""
    kept = QueryDict(mutable=True)
    for name in EventFilter.base_fields:
        if value := asked.get(name):
            kept[name] = str(value)
    return kept.urlencode()


def filter_of(query: str) -> dict[str, str]:
    """Return the fields by name."""
    return {name: str(value) for name, value in QueryDict(query).items()}
