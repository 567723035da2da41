"""/payments/<id>: how a payment stands, in plain words, live while it is open; and the way on to its provider."""

from __future__ import annotations

from flask import make_response, redirect, render_template
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.plugins.payments.beginning import begin, payment_path
from studium.plugins.payments.payment_view import DOWN, PREPARING, WAITING, PaymentView, find_payment
from studium.plugins.payments.return_check import ask_after
from studium.plugins.payments.student_story import story_of
from studium.services.cable.listening import listen_from_now
from studium.services.courses.catalogue import find_course_by_id
from studium.services.languages import language
from studium.services.limits import limit
from studium.services.page_policy import let_forms_leave
from studium.services.users import require_session

ASKED = (PREPARING, DOWN, WAITING)  # a provider that waits for a transfer has nothing to tell
CONTINUED = "60/minute"


def show(payment_id: str) -> Response:
    """GET /payments/<id>; 404 for somebody else's. The provider is asked meanwhile, by a job."""
    return _page("payments/payment.html", payment_id)


def show_state(payment_id: str) -> Response:
    """GET /payments/<id>/state: the part of the page that changes, in the reader's language."""
    return _page("payments/state.html", payment_id)


def go_on(payment_id: str) -> Response:
    """POST /payments/<id>/continue: 303 to the provider's page, or back to ours when there is none or it does not answer."""
    user = require_session()
    found = find_payment(user.id, payment_id)
    limit(f"payment-continue:{user.id}", CONTINUED)
    url = begin(found.id, "payment page").redirect_url if found.is_unsettled else None
    return redirect(url or payment_path(found.id), 303)


def _page(template: str, payment_id: str) -> Response:
    listen_from_now()
    found = find_payment(require_session().id, payment_id)
    if found.state in ASKED:
        ask_after(found.id)
    let_forms_leave()
    page = render_template(template, payment=found, story=story_of(found.id), course=find_course_by_id(found.course_id, language()),
                           provider=_(found.provider_title) if found.provider_title else "", again=_again(found))
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


def _again(payment: PaymentView) -> dict[str, str]:
    """What the checkout page is to show when the buyer tries again."""
    coupon = {"coupon": payment.coupon} if payment.coupon else {}
    return {"currency": payment.total.currency, "provider": payment.provider} | coupon
