"""/owner/payments.csv: all payments that match a filter, streamed. RFC 4180 in UTF-8, with a byte order mark, without which Excel takes
it for the code page of the country; amounts as plain decimals, times in UTC.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from io import StringIO

from flask import Response, request, stream_with_context

from studium.core.clock import now
from studium.core.errors import Unprocessable
from studium.plugins.payments.owner_pages.filters import PaymentFilter, read_filter
from studium.plugins.payments.owner_pages.search import PaymentRow, find_payments

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # what a spreadsheet may take for one at the beginning (OWASP, CSV Injection)
CHUNK = 500
COLUMNS: dict[str, Callable[[PaymentRow], str]] = {
    "number": lambda row: row.number,
    "id": lambda row: row.id,
    "created_at": lambda row: f"{row.created_at.isoformat(timespec='seconds')}Z",
    "completed_at": lambda row: f"{row.completed_at.isoformat(timespec='seconds')}Z" if row.completed_at else "",
    "status": lambda row: row.status,
    "problem": lambda row: row.problem or "",
    "mode": lambda row: "live" if row.livemode else "test",
    "buyer_id": lambda row: str(row.user_id or ""),
    "buyer": lambda row: safe(row.buyer.full_name if row.buyer else ""),
    "email": lambda row: safe(row.email or ""),
    "course": lambda row: safe(row.course),
    "tier": lambda row: safe(row.tier),
    "provider": lambda row: row.provider,
    "reference": lambda row: safe(row.reference or ""),
    "coupon": lambda row: safe(row.coupon or ""),
    "currency": lambda row: row.amount.currency,
    "list_price": lambda row: str(row.list_price.amount),
    "discount": lambda row: str(row.discount.amount),
    "credit": lambda row: str(row.credit.amount),
    "amount": lambda row: str(row.amount.amount),
    "paid": lambda row: str(row.paid.amount),
    "refunded": lambda row: str(row.refunded.amount),
    "net": lambda row: str(row.net.amount),
}


def show() -> Response:
    """GET /owner/payments.csv; raises Unprocessable when the filter cannot be understood."""
    asked = read_filter(request.args)
    if asked.errors:
        errors = [{"field": name, "message": text} for name, text in asked.errors.items()]
        raise Unprocessable("The filter cannot be understood. Begin at /owner/payments.", errors=errors)
    response = Response(stream_with_context(_lines(asked.filter)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="payments-{now():%Y-%m-%d}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _lines(asked: PaymentFilter) -> Iterator[str]:
    """The file, some rows at a time; between them nothing is open, however slowly it is read."""
    yield BYTE_ORDER_MARK + _written([list(COLUMNS)])
    place = None
    while rows := find_payments(asked, place, CHUNK):
        yield _written([[column(row) for column in COLUMNS.values()] for row in rows])
        place = rows[-1].place


def _written(rows: list[list[str]]) -> str:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
