"""Imports of libraries without an optional part that they load wherever it is installed, and that no process here needs: memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(module: str) -> Iterator[None]:
    """Inside, the module looks as if it were not installed; one that is loaded already stays, and afterwards it can be imported."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # "import" of such a name raises ModuleNotFoundError (import system, 5.3.1)
    try:
        yield
    finally:
        del sys.modules[module]
