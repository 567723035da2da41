"""structlog without rich, which is for consoles: 7 MB in each process, and our lines are JSON."""

from __future__ import annotations

from studium.core.lean_imports import without

with without("rich"):
    import structlog

__all__ = ["structlog"]
