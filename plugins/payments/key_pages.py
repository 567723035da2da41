"""Pages of long lists by key: the address names the last row of the page before, so the hundredth page is as quick as the first."""

from __future__ import annotations

from datetime import datetime

from studium.core.errors import BadRequest
from studium.plugins.payments.payment_view import ID

Place = tuple[datetime, str]
DAMAGED = "The address of this page is damaged. Begin at its first page."


def place_of(text: str) -> Place | None:
    """The place of a payment in a list by time, from an address; None at the top. Raises BadRequest for what no page leads to."""
    if not text:
        return None
    at, _gap, payment_id = text.partition("_")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None or not ID.fullmatch(payment_id):
        raise BadRequest(DAMAGED)
    return moment, payment_id


def text_of(place: Place) -> str:
    """The reverse of `place_of`."""
    return f"{place[0].isoformat()}_{place[1]}"


def number_of(text: str) -> int | None:
    """The id of the last row of the page before, from an address; None at the top. Raises BadRequest as `place_of`."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadRequest(DAMAGED)
    return int(text)
