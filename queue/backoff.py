"""How long a failed job waits before it is tried again."""

from __future__ import annotations

import random

LONGEST = 6 * 3600.0
JITTER = 0.2


def seconds_before_retry(base: float, failures: int) -> float:
    """base, 2 base, 4 base ... seconds after the 1st, 2nd, 3rd failure, at most six hours, give or take 20 %.

    The jitter keeps jobs that failed together (a service was down) from coming back together.
    """
    doubled = base * 2.0 ** min(failures - 1, 40)
    return min(doubled, LONGEST) * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  spreads load, protects nothing
