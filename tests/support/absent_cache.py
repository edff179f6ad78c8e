"""A cache whose server is away."""

from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache

import portal.cache
from catalog.absence import Absence


def take_the_cache_away(settings, monkeypatch):
    """From here on, seen by a process that remembers nothing of its own."""
    monkeypatch.setattr(portal.cache, "_absence", Absence())
    LocMemCache("tries", {}).clear()
    default = settings.CACHES["default"]
    settings.CACHES = {"default": default | {"LOCATION": "redis://127.0.0.1:1/0"}}
    cache.set("away", 1)
    assert cache.get("away") is None
