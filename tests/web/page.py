"""One page of the site, as one person opens it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """An address of a rule, and which of the callers opens it."""

    caller: str
    rule: str
    address: str
