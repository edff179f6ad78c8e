"""The cache may be away; the portal goes on without it."""

from typing import Any, Final

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

from catalog.absence import Absence

log = structlog.get_logger(__name__)

_absence: Final = Absence()

TRIES: Final = "allauth:rl:"
"""How the keys begin under which the sign-in counts tries (allauth.core.internal.ratelimit)."""


class ForgivingRedisCache(RedisCache):
    """Redis as a cache that answers "not there" while the server is away.

    Tries to sign in are counted all the same, by each process for itself: else nobody could sign in, or
    whoever keeps the server busy could guess passwords without end. Nothing else is kept in a process, since
    another one could not take it back: a session that was ended there would live on here.
    """

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        """Begin with nothing counted here."""
        super().__init__(server, params)
        self._tries = LocMemCache("tries", {})

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """Return the value, or the default when it or the server is missing."""
        return self._asked("get", key, default, version, otherwise=default)

    def get_many(self, keys: Any, version: int | None = None) -> dict[Any, Any]:
        """Return what is there of the values."""
        found: dict[Any, Any] = self._asked("get_many", keys, version, otherwise={})
        return found

    def has_key(self, key: Any, version: int | None = None) -> bool:
        """Return whether there is a value."""
        return bool(self._asked("has_key", key, version, otherwise=False))

    def set(self, key: Any, value: Any, timeout: Any = 300, version: int | None = None) -> None:
        """Keep the value if the server is there."""
        self._asked("set", key, value, timeout, version, otherwise=None)

    def add(self, key: Any, value: Any, timeout: Any = 300, version: int | None = None) -> bool:
        """Keep the value if it is new and the server is there."""
        return bool(self._asked("add", key, value, timeout, version, otherwise=False))

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Forget the value if the server is there."""
        return bool(self._asked("delete", key, version, otherwise=False))

    def _asked(self, method: str, *arguments: Any, otherwise: Any) -> Any:
        if not _absence.is_presumed:
            try:
                return getattr(super(), method)(*arguments)
            except RedisError:
                _absence.note()
                log.warning("cache_unavailable")
        if str(arguments[0]).startswith(TRIES):
            return getattr(self._tries, method)(*arguments)
        return otherwise
