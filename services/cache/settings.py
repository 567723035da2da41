"""How much the cache may hold, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field

from studium.core.settings import Section


class CacheSettings(Section):
    """STUDIUM_CACHE_..."""

    prefix: ClassVar[str] = "CACHE"
    max_size: int = Field(
        256_000_000, ge=16_000_000, description="largest size of the cache's file and its log, in bytes; the oldest entries go first")
    max_entries: int = Field(0, ge=0, description="most entries in the cache; 0 sets no limit but that of their size")
    max_age: int = Field(1_209_600, ge=0, description="seconds after which an entry goes, whatever life it was given; 0 sets no limit")


@dataclass(frozen=True)
class Limits:
    """The settings as the cache takes them: bytes, a number, seconds; None sets no limit."""

    max_size: int = 256_000_000
    max_entries: int | None = None
    max_age: float | None = None

    @property
    def largest_value(self) -> int:
        """Bytes of the largest value that is kept: one entry shall not drive out thousands."""
        return self.max_size // 256

    @classmethod
    def of(cls, settings: CacheSettings) -> Limits:
        """The limits that the settings name."""
        return cls(settings.max_size, settings.max_entries or None, settings.max_age or None)
