"""A text field that suggests: for names of which there may be too many to list."""

from collections.abc import Iterable
from typing import Any

from django.forms import TextInput
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

MOST = 200
"""Suggestions in one page; whoever is not among them can still be typed."""


class SuggestingInput(TextInput):
    """A text input with a list of values and what they stand for. It works without scripts."""

    suggestions: Iterable[tuple[str, str]] = ()

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        """Return the input and its list."""
        list_id = f"{(attrs or {}).get('id', name)}-suggestions"
        control = super().render(
            name, value, {**(attrs or {}), "list": list_id, "autocomplete": "off"}, renderer
        )
        options = format_html_join("", '<option value="{}">{}</option>', self.suggestions)
        return format_html('{}<datalist id="{}">{}</datalist>', control, list_id, options)
