"""/payments: what a person bought, the newest first, some at a time; and the section of the account page that leads there."""

from __future__ import annotations

from collections.abc import Sequence

from flask import make_response, render_template, request
from flask_babel import gettext as _
from markupsafe import Markup
from pony.orm import desc
from werkzeug.wrappers import Response

from studium.core.database import reading
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.key_pages import Place, place_of, text_of
from studium.plugins.payments.payment_view import view_of, views_of
from studium.services.account_sections import AccountSection
from studium.services.users import SignedInUser, require_session

ON_A_PAGE = 20


def show() -> Response:
    """GET /payments?before=<cursor>; the cursor is the last payment of the page before."""
    user = require_session()
    before = place_of(request.args.get("before", ""))
    with reading():
        rows = _rows(user.id, before)
        views = views_of(rows[:ON_A_PAGE])
    older = text_of((views[-1].created_at, views[-1].id)) if len(rows) > ON_A_PAGE else None
    response = make_response(render_template("payments/history.html", payments=views, older=older, first=before is None))
    response.headers["Cache-Control"] = "no-store"
    return response


def account_section(user: SignedInUser) -> AccountSection:
    """The way from the account page to the payments."""
    with reading():
        user_id = user.id
        newest = Payment.select(lambda row: row.user_id == user_id).order_by(desc(Payment.created_at)).first()
        last = view_of(newest) if newest else None
    html = render_template("payments/account.html", last=last)
    return AccountSection("payments", _("Payments"), Markup(html))  # noqa: S704  a template made it


def _rows(user_id: int, before: Place | None) -> Sequence[Payment]:
    mine = Payment.select(lambda row: row.user_id == user_id)
    if before is not None:
        at, payment_id = before
        mine = mine.filter(lambda row: row.created_at < at or (row.created_at == at and row.id < payment_id))
    found: Sequence[Payment] = mine.order_by(desc(Payment.created_at), desc(Payment.id))[: ON_A_PAGE + 1]
    return found
