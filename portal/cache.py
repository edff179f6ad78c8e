"""The cache may be away; the portal goes on without it."""

from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


class ForgivingRedisCache(RedisCache):
    """Redis as a cache that answers "not there" while the server is away."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """Return the value, or the default when it or the server is missing."""
        try:
            return super().get(key, default, version)
        except RedisError:
            return self._missed(default)

    def set(self, key: Any, value: Any, timeout: Any = 300, version: int | None = None) -> None:
        """Keep the value if the server is there."""
        try:
            super().set(key, value, timeout, version)
        except RedisError:
            self._missed(None)

    def add(self, key: Any, value: Any, timeout: Any = 300, version: int | None = None) -> bool:
        """Keep the value if it is new and the server is there."""
        try:
            return bool(super().add(key, value, timeout, version))
        except RedisError:
            return bool(self._missed(False))

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Forget the value if the server is there."""
        try:
            return bool(super().delete(key, version))
        except RedisError:
            return bool(self._missed(False))

    @staticmethod
    def _missed(answer: Any) -> Any:
        log.warning("cache_unavailable")
        return answer
