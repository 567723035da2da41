"""How often somebody may do something, counted over all processes: `limit("sign-in:203.0.113.7", "60/minute;600/hour")`.

Counters live in the cache, so a file that cannot be used lets everybody through; that is counted there and logged.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, Field

from studium.core.errors import TooManyRequests
from studium.core.logs import get_logger
from studium.core.settings import Section

log = get_logger(__name__)
OFF = "off"
ONE_RATE = r"[1-9][0-9]{0,5}/(second|minute|hour|day)"
RATES = re.compile(f"{ONE_RATE}(;{ONE_RATE})*")
IPV6_HOME = 64  # bits of an address that one household or server has to itself (RFC 6177)

V = TypeVar("V", bound=Callable[..., Any])


def _readable(rate: str) -> str:
    compact = rate.replace(" ", "").lower()
    if compact != OFF and not RATES.fullmatch(compact):
        raise ValueError('is read like "60/minute" or "30/minute;200/hour", or is "off"')
    return compact


Rate = Annotated[str, AfterValidator(_readable)]


class LimitSettings(Section):
    """STUDIUM_LIMITS_..."""

    prefix: ClassVar[str] = "LIMITS"
    sign_in_address: Rate = Field(
        "300/minute;3000/hour", description="requests to /auth/ from one address, such as 60/minute or 30/minute;200/hour, or off; a "
        "class in one room shares an address")
    sign_in_person: Rate = Field("10/minute;60/hour", description="sign-ins of one person")
    writes: Rate = Field(
        "300/minute", description="unsafe requests of one person (without one, of one address), forms and calls of the API together, "
        "except beats, sign-in and webhooks")
    watch_sessions: Rate = Field(
        "30/minute;200/hour", description="watch sessions that one person may open; each brings 10 s of credit, so 200 an hour are "
        "slower than watching")
    webhooks: Rate = Field("1200/minute", description="requests to /webhooks/ from one address")


def limit(key: str, rate: str) -> None:
    """Count one more of `key`; raises TooManyRequests, with Retry-After in seconds, when it is beyond the rate.

    `key` begins with what is counted, such as "sign-in:", and ends with who does it. Windows begin with the first call; of several rates
    all must hold. A refused call counts only for the rate that refused it.
    """
    if rate == OFF:
        return
    # The library needs 2 MB, which processes without pages can do without; the words are those of a request.
    from studium.services.limits_counting import seconds_to_wait
    from studium.services.waiting import texts_of_reader, waiting_words

    wait = seconds_to_wait(key, rate)
    if wait is None:
        return
    log.info("limit_reached", what=key.partition(":")[0], rate=rate, retry_after=wait)
    raise TooManyRequests(waiting_words(wait, texts_of_reader()), headers={"Retry-After": str(wait)}, retry_after=wait)


def not_counted(view: V) -> V:
    """Mark a view that the site's limits by address and person leave alone, because it needs none or calls `limit` itself."""
    view.limits_itself = True  # type: ignore[attr-defined]
    return view


def address_group(address: str | None) -> str:
    """What counts as one address: an IPv4 address, or the network of an IPv6 one, since a household has 2**64 of those.

    A port, which some proxies add to X-Forwarded-For, does not count.
    """
    try:
        found = ipaddress.ip_address(_without_port(address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((int(found), IPV6_HOME), strict=False))
    return str(found)


def _without_port(address: str) -> str:
    """`192.0.2.1:4711` and `[2001:db8::1]:4711` (RFC 7239, 6) as plain addresses; these have no port: two colons are IPv6."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address
