"""/payments/<id>/receipt: the receipt as a page to read and print, and its PDF, which a job makes."""

from __future__ import annotations

from datetime import datetime

from flask import make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.clock import now
from studium.core.database import transaction
from studium.plugins.payments.receipt_job import ReceiptParams, find_made, make_receipt, unique
from studium.plugins.payments.receipt_values import Receipt, find_receipt
from studium.queue import jobs
from studium.queue.jobs import JobView
from studium.services.cable.listening import listen_from_now
from studium.services.languages import language
from studium.services.users import require_session


def show(payment_id: str) -> Response:
    """GET /payments/<id>/receipt; 404 for a payment without money and for somebody else's."""
    return _page("payments/receipt.html", payment_id)


def show_file(payment_id: str) -> Response:
    """GET /payments/<id>/receipt/file: the part of the page about the PDF."""
    return _page("payments/receipt_file.html", payment_id)


def make(payment_id: str) -> Response:
    """POST /payments/<id>/receipt: have the PDF made; back to the page, which says when it is there."""
    user = require_session()
    find_receipt(user.id, payment_id)
    params = ReceiptParams.model_validate({"payment_id": payment_id, "language": language()})
    with transaction():
        jobs.enqueue(make_receipt, params, user_id=user.id, unique_key=unique(user.id, params))
    return redirect(url_for("payments.receipt", payment_id=payment_id, _anchor="receipt-file"), 303)


def _page(template: str, payment_id: str) -> Response:
    listen_from_now()
    user = require_session()
    receipt = find_receipt(user.id, payment_id)
    made = find_made(user.id, payment_id, language())
    page = render_template(template, receipt=receipt, payment=receipt.payment, provider=_title(receipt),
                           making=made if made and made.active else None, download=_download(receipt, made))
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


def _title(receipt: Receipt) -> str:
    title = receipt.payment.provider_title
    return _(title) if title else ""


def _download(receipt: Receipt, made: JobView | None) -> str | None:
    """The address of the PDF, while it lasts and nothing was given back since it was made."""
    if made is None or made.finished_at is None or not made.result:
        return None
    expires_at = datetime.fromisoformat(str(made.result["expires_at"]).removesuffix("Z"))
    changed = any(one.at is not None and one.at >= made.finished_at for one in receipt.payment.refunds)
    return None if changed or expires_at <= now() else str(made.result["download"])
