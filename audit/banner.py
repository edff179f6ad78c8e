"""What every page shows while something is wrong with the log."""

from dataclasses import dataclass
from typing import Any, Final

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from audit.completeness.alarms import open_alarms
from audit.reach import reach_of

SECONDS: Final = 15
"""For which the answer is remembered: pages are many, alarms are few."""
_KEY: Final = "audit:open-alarms"


@dataclass(frozen=True)
class Banner:
    """What is shown. Sentences may name entries and witnesses: only who reads the whole log sees them."""

    sentences: tuple[str, ...]
    is_told: bool


def log_alarms(request: HttpRequest) -> dict[str, Any]:
    """``log_alarms`` for templates; asks nobody until a template does."""
    return {"log_alarms": SimpleLazyObject(lambda: _banner(request))}


def _banner(request: HttpRequest) -> Banner:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return Banner((), is_told=False)
    sentences = _sentences()
    return Banner(sentences, is_told=bool(sentences) and reach_of(user).whole)


def _sentences() -> tuple[str, ...]:
    kept = cache.get(_KEY)
    if kept is None:
        kept = tuple(alarm.sentence for alarm in open_alarms())
        cache.set(_KEY, kept, SECONDS)
    return tuple(kept)
