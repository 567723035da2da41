"""A channel that is down rests for a while: one message finds out, the others do not wait for the same silence one after the other.

It is a hint in the cache, no promise: without the cache each message is tried.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from studium.core.logs import get_logger
from studium.services.cache import cache
from studium.services.notifications.channels import ChannelDown

log = get_logger(__name__)
LEAST_REST = 10.0  # seconds
PATIENCE = 3.0  # a channel that takes long to fail rests so many times as long, which leaves three quarters of the time to the others


class Resting(ChannelDown):
    """The channel rests; the message was not tried."""


@contextmanager
def unless_resting(channel: str) -> Iterator[None]:
    """Around a sending; raises Resting at once while the channel rests, and sends it to rest when nothing gets through."""
    key, began = f"notifications:rest:{channel}", time.monotonic()
    if cache().get(key) is not None:
        raise Resting("The channel is down and rests a little.")
    try:
        yield
    except ChannelDown as error:
        if error.for_all:
            seconds = max(LEAST_REST, PATIENCE * (time.monotonic() - began))
            cache().set(key, 1, ttl=seconds)
            log.warning("channel_rests", channel=channel, seconds=round(seconds, 1), reason=str(error))
        raise
