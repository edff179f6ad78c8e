"""So many calls an account: a sliding window in Valkey, which is asked once in a few calls."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import redis
import structlog
from django.conf import settings
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView  # loads these classes itself, by the settings' names

log = structlog.get_logger(__name__)

WAIT_AFTER_FAILURE: Final = 5.0
"""Seconds during which a lost cache is not asked again, so that its timeouts do not slow every call."""

LOTS: Final = 200
"""A process counts an account's calls in this many lots a window: what it took and did not use is lost."""
MOST_LOTS: Final = 10_000
"""Accounts that a process remembers."""


@dataclass(slots=True)
class _Lot:
    """Calls that were counted in advance."""

    window: int
    last: int
    """The number of its last call in the window."""
    before: int
    left: int


_lots: Final[dict[str, _Lot]] = {}


class AccountThrottle(SimpleRateThrottle):
    """The rate ``account`` of REST_FRAMEWORK['DEFAULT_THROTTLE_RATES'], for each account.

    The count of the window before fades out as the present one fills, so there is no burst at the seam.
    A cache that is away lets everybody through: the limit protects against loops, not against people.
    """

    scope = "account"
    num_requests: int | None
    duration: int | None
    _client: "redis.Redis | None" = None
    _away_until = 0.0

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        """Return the account's key, None for those who are not signed in: they reach nothing costly."""
        return f"throttle:{request.user.pk}" if request.user.is_authenticated else None

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Count the call and say whether it is within the rate."""
        key = self.get_cache_key(request, view)
        if (
            key is None
            or self.num_requests is None
            or time.monotonic() < AccountThrottle._away_until
        ):
            return True
        try:
            return self._within(key, time.time())
        except RedisError:
            AccountThrottle._away_until = time.monotonic() + WAIT_AFTER_FAILURE
            log.warning("throttle_without_cache")
            return True

    def _within(self, key: str, now: float) -> bool:
        length = self.duration or 60
        window, passed = divmod(now, length)
        self._wait = length - passed
        count, before = self._counted(key, int(window), length)
        return bool(count + before * (1 - passed / length) <= (self.num_requests or 0))

    def _counted(self, key: str, window: int, length: int) -> tuple[int, int]:
        """Return the calls of the window up to this one, and those of the window before."""
        lot = _lots.get(key)
        if lot is None or lot.window != window or lot.left <= 0:
            # Two threads may both take a lot: the account is then counted a little early, never late.
            lot = self._taken(key, window, length)
            _lots[key] = lot
        lot.left -= 1
        return lot.last - lot.left, lot.before

    def _taken(self, key: str, window: int, length: int) -> "_Lot":
        """Count the next few calls of the account in advance, in one round trip."""
        size = max(1, (self.num_requests or 0) // LOTS)
        present = f"{key}:{window}"
        with self.connection().pipeline(transaction=False) as pipeline:
            pipeline.incrby(present, size)
            pipeline.expire(present, length * 2)
            pipeline.get(f"{key}:{window - 1}")
            last, _, before = pipeline.execute()
        if len(_lots) >= MOST_LOTS:
            _lots.clear()
        return _Lot(window, last=int(last), before=int(before or 0), left=size)

    @classmethod
    def connection(cls) -> "redis.Redis":
        """Return this process's connections to the cache."""
        if cls._client is None:
            caches: dict[str, Any] = settings.CACHES
            options = caches["default"].get("OPTIONS", {})
            cls._client = redis.Redis.from_url(settings.CACHE_URL, **options)
        return cls._client

    def wait(self) -> float:
        """Return the seconds until the window ends."""
        return self._wait
