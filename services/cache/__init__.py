"""Small values that all processes share for a while, and can do without: `cache()` is all that others need."""

from studium.services.cache.entries import Cache, Value, cache

__all__ = ["Cache", "Value", "cache"]
