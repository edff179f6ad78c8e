"""Template tags and filters every page shares; the components in templates/components/ use them."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final

from django import forms, template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.templatetags.looks import Look, look_of

register = template.Library()

SPRITE: Final = "vendor/tabler-icons/sprite.svg"
SHORT_DIGEST: Final = 12
AVATAR_HUES: Final = 6
CHOICE_GROUPS: Final = (forms.RadioSelect, forms.CheckboxSelectMultiple)


@register.simple_tag
@cache
def icon(name: str, css_class: str = "") -> SafeString:
    """Draw a symbol of the sprite, hidden from screen readers: the words beside it carry the meaning."""
    return format_html(
        '<svg class="gh-icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css_class,
        static(SPRITE),
        name,
    )


@register.filter
def look(state: object) -> Look:
    """Tone, icon and label of a state, see looks.py."""
    return look_of(str(state or ""))


@register.filter
def short_digest(digest: object) -> str:
    """The first twelve hexadecimal digits, without the algorithm: `sha256:9f86d0…` → `9f86d081884c`."""
    return str(digest or "").rpartition(":")[2][:SHORT_DIGEST]


@register.filter
def digest_algorithm(digest: object) -> str:
    """What stands before the colon of a digest, or nothing."""
    return str(digest or "").rpartition(":")[0]


@register.filter
def initials(name: object) -> str:
    """At most two letters for an avatar: first and last word."""
    words = str(name or "").replace("-", " ").replace("_", " ").split()
    letters = [word[0] for word in (words[:1] + words[1:][-1:])]
    return "".join(letters).upper()


@register.filter
def hue(name: object) -> int:
    """A number from 0 to 5 that stays the same for a name; colours avatars, carries no meaning."""
    return hashlib.sha256(str(name or "").encode()).digest()[0] % AVATAR_HUES


@register.filter
def utc_iso(moment: object) -> str:
    """A moment in the form a `datetime` attribute takes, in UTC; a naive one is taken as UTC."""
    if isinstance(moment, datetime):
        return _in_utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
    return moment.isoformat() if isinstance(moment, date) else ""


@register.filter
def utc_text(moment: object) -> str:
    """A moment for people without scripts: `23 Nov 2026, 14:05 UTC`; a date without the time."""
    if isinstance(moment, datetime):
        seen = _in_utc(moment)
        return f"{seen.day} {seen:%b %Y, %H:%M} UTC"
    return f"{moment.day} {moment:%b %Y}" if isinstance(moment, date) else ""


@register.filter
def since(moment: object) -> str:
    """How long ago, coarsely: `3 days`; for durations of a state, next to the exact time."""
    if not isinstance(moment, datetime):
        return ""
    return duration(timezone.now() - _in_utc(moment))


@register.filter
def duration(length: object) -> str:
    """A length of time (a timedelta, or a number of seconds) in its two largest units."""
    if isinstance(length, (int, float)):
        length = timedelta(seconds=length)
    if not isinstance(length, timedelta):
        return ""
    seconds = max(0, int(length.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days} day{'' if days == 1 else 's'}"
    if hours:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    if minutes:
        return f"{minutes} min {seconds % 60} s" if seconds % 60 else f"{minutes} min"
    return f"{seconds} s"


@register.filter
def pips(given: object, required: object) -> list[bool]:
    """One entry per required signature, true where it is given: drawn as filled and empty circles."""
    have, need = _count(given), _count(required)
    return [position < have for position in range(need)]


@register.simple_tag
def widget(field: forms.BoundField) -> SafeString:
    """Render a form field's control with the classes of its kind.

    Django itself ties the help text and the errors to the control by aria-describedby.
    """
    return field.as_widget(attrs={"class": _control_class(field)})


@register.filter
def is_choice_box(field: forms.BoundField) -> bool:
    """Whether the label belongs after the control, as with a single checkbox."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_choice_group(field: forms.BoundField) -> bool:
    """Whether the control is a group that wants a fieldset and a legend instead of a label."""
    return isinstance(field.field.widget, CHOICE_GROUPS)


def _control_class(field: forms.BoundField) -> str:
    control = field.field.widget
    own = str(control.attrs.get("class", ""))
    if isinstance(control, CHOICE_GROUPS):
        return own  # Django gives a group's class to its box as well as to each control.
    if isinstance(control, forms.CheckboxInput):
        kind = "form-check-input"
    elif isinstance(control, forms.Select):
        kind = "form-select"
    else:
        kind = "form-control"
    return " ".join(filter(None, [kind, "is-invalid" if field.errors else "", own]))


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if timezone.is_naive(moment) else moment.astimezone(UTC)


def _count(amount: object) -> int:
    if isinstance(amount, int):
        return amount
    return len(amount) if isinstance(amount, (list, tuple, set)) else 0
