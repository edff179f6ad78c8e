"""``{% include %}`` as Django has it, but a small component is drawn once for what it shows.

A badge, a person, a moment, a row of a list look the same wherever the same values are shown, and pages are
made of hundreds of them. So their HTML is kept by the values themselves: whatever differs is drawn anew, and
nothing that is kept can be out of date. A builtin of every template (settings.TEMPLATES).
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any, Final

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.loader_tags import IncludeNode, do_include
from django.utils.safestring import SafeString

register = template.Library()

KEPT: Final = frozenset(
    f"components/{name}.html"
    for name in (
        "avatar", "badge", "copy_button", "diff_value", "digest", "gate_row", "person", "request_row",
        "signature", "state_badge", "time", "timeline_entry",
    )
)  # fmt: skip
"""Components that show their values and nothing else: neither who looks, nor what time it is now."""

MOST: Final = 4000
"""Pieces of HTML that a process keeps, about a kilobyte each."""

_ATOMS: Final = (str, int, date, type(None))
_drawn: dict[tuple[Any, ...], SafeString] = {}
_fields: dict[type, tuple[str, ...]] = {}


class NotKept(Exception):
    """A value that may change while it stays equal to itself."""


class ComponentNode(IncludeNode):
    """An isolated include of one of ``KEPT``."""

    def render(self, context: Context) -> SafeString:
        """Return what was drawn for the same values, or draw it."""
        try:
            key = (self.template.var, *self._values(context))
        except NotKept:
            return super().render(context)
        found = _drawn.get(key)
        if found is None:
            found = super().render(context)
            if len(_drawn) >= MOST:
                _drawn.clear()
            _drawn[key] = found
        return found

    def _values(self, context: Context) -> Iterator[Any]:
        for name, expression in self.extra_context.items():
            yield name
            yield from identity_of(expression.resolve(context))


def forget() -> None:
    """Draw everything anew."""
    _drawn.clear()


def identity_of(value: Any) -> Iterator[Any]:
    """Yield what tells the value from every other one, its type included: 1 is not True, nor is safe unsafe.

    Raises:
        NotKept: it is neither an atom nor a frozen dataclass of atoms.
    """
    kind = type(value)
    if isinstance(value, _ATOMS):
        yield kind
        yield value
        return
    yield kind
    for name in _fields_of(kind):
        yield from identity_of(getattr(value, name))


def _fields_of(kind: type) -> tuple[str, ...]:
    found = _fields.get(kind)
    if found is None:
        if not is_dataclass(kind) or not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]  # not in the stubs
            raise NotKept(kind)
        found = _fields[kind] = tuple(each.name for each in fields(kind))
    return found


@register.tag("include")
def include(parser: Parser, token: Token) -> IncludeNode:
    """Read the tag as Django does."""
    node = do_include(parser, token)
    if node.isolated_context and node.template.var in KEPT:
        return ComponentNode(node.template, extra_context=node.extra_context, isolated_context=True)
    return node
