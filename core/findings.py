"""What a check of `studium doctor` finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One looked at thing: `what` it is like, and for all but "ok" the `fix`, which names the command or the setting. Never a secret."""

    name: str
    level: Literal["ok", "warning", "red"]
    what: str
    fix: str = ""


def ok(name: str, what: str) -> Finding:
    """It is well."""
    return Finding(name, "ok", what)


def warning(name: str, what: str, fix: str) -> Finding:
    """It works, and will not always."""
    return Finding(name, "warning", what, fix)


def red(name: str, what: str, fix: str) -> Finding:
    """It does not work, or is not safe."""
    return Finding(name, "red", what, fix)
