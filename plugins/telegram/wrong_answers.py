"""Who presses wrong numbers again and again is not asked for a while: of three numbers a guess is soon the right one."""

from __future__ import annotations

import math
from datetime import timedelta

from studium.core.clock import now
from studium.plugins.telegram.entities import TelegramChallenge

CAPS = ((3, timedelta(hours=1)), (6, timedelta(days=1)))  # so many wrong answers of one person in so long a time
COUNTED_FOR = max(time for _most, time in CAPS)


def seconds_refused(telegram_id: int) -> int:
    """How long this person can confirm nothing, 0 for not at all. Needs an open transaction."""
    since = now() - COUNTED_FOR
    rows = TelegramChallenge.select(lambda row: row.telegram_id == telegram_id and row.wrong_at > since)
    times = sorted(row.wrong_at for row in rows)
    ends = [times[-most] + time for most, time in CAPS if len(times) >= most]
    return max([0, *(math.ceil((end - now()).total_seconds()) for end in ends)])
