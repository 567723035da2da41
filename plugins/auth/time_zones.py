"""The time zones that people choose from, with the names of their cities, and which names of zones are taken."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import available_timezones

UTC = "UTC"
REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
LONGEST = 64
TOO_NEW = {("America/Coyhaique", "ru"): "Койайке"}  # for CLDR, of which the other cities' names are


@dataclass(frozen=True)
class Zone:
    """A zone of the IANA database, and its city as people call it."""

    name: str
    city: str


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """All names that this machine knows, old ones included: browsers differ in which of several they send."""
    return frozenset({UTC, *available_timezones()})


def is_zone(name: str) -> bool:
    """Whether it is a time zone of this machine."""
    return len(name) <= LONGEST and name in known_zones()


@lru_cache(maxsize=4)
def zones_by_region(language: str) -> dict[str, list[Zone]]:
    """Every zone once, by the region of its name, ordered by the city's name in this language."""
    from babel.core import get_global  # with the pages: other programs of this plugin need none of its data

    old_names = get_global("zone_aliases")
    found: dict[str, list[Zone]] = {region: [] for region in REGIONS}
    for name in known_zones():
        region = name.partition("/")[0]
        if region in found and name not in old_names:
            found[region].append(Zone(name, _city(name, language)))
    return {region: sorted(zones, key=lambda zone: zone.city) for region, zones in found.items() if zones}


def _city(name: str, language: str) -> str:
    """CLDR knows the cities of some zones only under the zone's old name, such as that of Asia/Kolkata under Asia/Calcutta."""
    from babel.core import Locale, get_global
    from babel.dates import get_timezone_location

    if (name, language) in TOO_NEW:
        return TOO_NEW[name, language]
    known = Locale.parse(language).time_zones
    for one in (name, *(old for old, new in get_global("zone_aliases").items() if new == name)):
        if city := known.get(one, {}).get("city"):
            return str(city)
    return str(get_timezone_location(name, locale=language, return_city=True))


def offered_name(name: str) -> str:
    """The name under which a zone is offered, if it has several."""
    from babel.core import get_global

    return str(get_global("zone_aliases").get(name, name)) if name != UTC else UTC
