"""Fixed windows of the library `limits`, counted in the cache. Imported by the first request that is limited."""

from __future__ import annotations

import math
import time
from functools import cache as remembered

from limits import RateLimitItem, parse_many
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from studium.services.cache import cache


class CacheStorage(Storage):
    """The library's storage over `cache()`; a counter that cannot be counted is 0, so that nobody is refused."""

    STORAGE_SCHEME = None

    @property
    def base_exceptions(self) -> type[Exception]:
        """None are expected: the cache raises none."""
        return OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, in one step over all processes."""
        return cache().increment(key, amount, ttl=expiry) or 0

    def get(self, key: str) -> int:
        """The count so far."""
        return cache().count(key)

    def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since the epoch by the system's clock."""
        return time.time() + (cache().seconds_left(key) or 0)

    def check(self) -> bool:
        """Whether it can be counted now."""
        return cache().set("limits:check", 1, ttl=1)

    def reset(self) -> int | None:
        """Not offered: the cache is not the limits' alone."""
        return None

    def clear(self, key: str) -> None:
        """Forget one counter."""
        cache().delete(key)


_limiter = FixedWindowRateLimiter(CacheStorage())


def seconds_to_wait(key: str, rate: str) -> int | None:
    """Count one more; None when it is within all rates, else the whole seconds until the window ends."""
    for item in _items(rate):
        if not _limiter.hit(item, key):
            return max(1, math.ceil(_limiter.get_window_stats(item, key).reset_time - time.time()))
    return None


@remembered
def _items(rate: str) -> tuple[RateLimitItem, ...]:
    return tuple(parse_many(rate))
