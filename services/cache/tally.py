"""What the cache did: counted in each process, and added to the rows of all processes every few seconds."""

from __future__ import annotations

import threading
import time
from collections import Counter

FIGURES = ("hits", "misses", "errors", "writes", "refused", "expired", "evicted")
EVERY_SECONDS = 10.0


class Tally:
    """Counts of this process since its start, and which of them are not in the rows yet; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._total: Counter[str] = Counter()
        self._new: Counter[str] = Counter()
        self._due_at = time.monotonic() + EVERY_SECONDS

    def count(self, name: str, by: int = 1) -> bool:
        """Count one of FIGURES; whether it is time to add all that is new to the rows."""
        with self._lock:
            self._total[name] += by
            self._new[name] += by
            return time.monotonic() >= self._due_at

    def total(self, name: str) -> int:
        """The count since the start of the process."""
        return self._total[name]

    def take(self) -> Counter[str]:
        """What is new, to be added to the rows by the caller, who gives it back when that fails."""
        with self._lock:
            taken, self._new = self._new, Counter()
            self._due_at = time.monotonic() + EVERY_SECONDS
        return taken

    def give_back(self, taken: Counter[str]) -> None:
        """Keep what could not be added for another time."""
        with self._lock:
            self._new.update(taken)
