"""Who makes a value that is not in the cache: one process and thread for all, while the others wait for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from studium.services.cache.turns import Turn, place_of

WAIT_SECONDS = 2.0
NESTED_WAIT_SECONDS = 0.25  # two that make values out of each other's must not wait long for one another
FIRST_PAUSE, LONGEST_PAUSE = 0.001, 0.02  # between two looks; the latter is how late a killed maker is noticed
T = TypeVar("T")


class _Held(threading.local):
    """The places that this thread makes values for at present."""

    def __init__(self) -> None:
        self.places: list[int] = []


_held = _Held()


@contextmanager
def making(data_dir: Path, key: bytes, wait: float, look: Callable[[], T | None]) -> Iterator[T | None]:
    """Have the turn of a key for the block, or what `look` has found meanwhile; also no turn, after `wait` seconds.

    `look` is asked before each attempt, and once more with the turn. A thread that holds another turn waits NESTED_WAIT_SECONDS at most,
    and not at all for its own.
    """
    place = place_of(key)
    if place in _held.places:
        yield None
        return
    with ExitStack() as held:
        try:
            turn = held.enter_context(Turn(data_dir, place))
            found = _wait(turn, min(wait, NESTED_WAIT_SECONDS) if _held.places else wait, look)
        except OSError:  # no folder, no files or locks left: everybody makes it
            found = None
        _held.places.append(place)
        held.callback(_held.places.pop)
        yield found


def _wait(turn: Turn, wait: float, look: Callable[[], T | None]) -> T | None:
    end, pause = time.monotonic() + wait, FIRST_PAUSE
    while True:
        taken = turn.take()
        found = look()
        if taken or found is not None or time.monotonic() > end:
            return found
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 1.5)
