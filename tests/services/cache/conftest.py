"""A cache in a folder of its own, and the second one that another process would have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studium.services.cache import Cache
from studium.services.cache.settings import Limits


@pytest.fixture
def caches(tmp_path: Path) -> Iterator[Callable[..., Cache]]:
    """`caches(Limits(...))` makes one more cache of the folder."""
    made: list[Cache] = []

    def make(limits: Limits | None = None) -> Cache:
        made.append(Cache(tmp_path, limits))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def kept(caches: Callable[..., Cache]) -> Cache:
    return caches()


@pytest.fixture
def other(caches: Callable[..., Cache]) -> Cache:
    """As another process sees the same folder."""
    return caches()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an error the cache rests for a moment that a test can wait for."""
    monkeypatch.setattr("studium.services.cache.lanes.REST_SECONDS", 0.0)
