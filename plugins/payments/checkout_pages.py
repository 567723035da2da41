"""GET and POST /checkout/<course>/<tier>: what it costs, how to pay, and the one button that leads to the provider."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from pony.orm import desc
from werkzeug.wrappers import Response

from studium.core.database import reading
from studium.core.errors import Conflict, Problem, Unavailable, Unprocessable, wants_json
from studium.core.runtime import runtime
from studium.plugins.payments import checkout, granting
from studium.plugins.payments.checkout import Choices
from studium.plugins.payments.checkout_form import CheckoutForm, errors_of, keep_email, read_post, read_query
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.settings import PaymentSettings
from studium.services.languages import language
from studium.services.limits import limit
from studium.services.page_policy import let_forms_leave
from studium.services.users import SignedInUser, current_user, require_session

APPLY = "apply"  # the button beside the coupon: show the new price, buy nothing
HAVE = ("tier-owned", "tier-included")


def show(course: str, tier: str) -> Response:
    """GET: the page; visitors go to sign in and come back. Who has the tier already is led to the course. Coupons can be tried as often as
    the form can be sent.
    """
    user, form = require_session(), read_query()
    if form.coupon:
        limit(f"checkout-coupon:{user.id}", runtime().settings[PaymentSettings].checkouts)
    try:
        return _page(user, course, tier, form, {})
    except Conflict as problem:
        return _have_it(course, problem)


def pay(course: str, tier: str) -> Response:
    """POST {provider, currency, coupon, email; all optional where there is one choice}: 303 to the provider, or to the payment's page."""
    if current_user() is None and not wants_json():
        return redirect(f"/login?next={quote(url_for('payments.checkout', course=course, tier=tier), safe='/')}", 303)
    user = require_session()
    limit(f"checkout:{user.id}", runtime().settings[PaymentSettings].checkouts)
    form = read_post()
    if request.form.get("do") == APPLY:
        keep_email(form)
        address = url_for("payments.checkout", course=course, tier=tier)
        return redirect(f"{address}?{urlencode(form.choice)}#price", 303)
    try:
        return _buy(user, course, tier, form)
    except (Conflict, Unprocessable, Unavailable) as problem:
        return _refused(user, course, tier, form, problem)


def _buy(user: SignedInUser, course: str, tier: str, form: CheckoutForm) -> Response:
    found = checkout.choices(user.id, course, tier, currency=form.currency or None, coupon=form.coupon or None, language=language())
    if found.free:
        granting.enrol_free(user.id, found.quote.course.id, found.quote.tier.id)
        flash(_("You have it. Enjoy the course!"), "done")
        return redirect(f"/courses/{found.quote.course.slug}", 303)
    if form.is_dearer(found.quote.total):
        raise Conflict(_("The price has changed since you opened this page. Look at it again; nothing was charged."), code="price-changed")
    payment_id = checkout.start(
        user.id, course, tier, provider=form.provider or None, currency=form.currency or None, coupon=form.coupon or None,
        email=form.email or None, language=language())
    return redirect(checkout.begin(payment_id).redirect_url or checkout.payment_path(payment_id), 303)


def _refused(user: SignedInUser, course: str, tier: str, form: CheckoutForm, problem: Problem) -> Response:
    """The page again, each message at its field, everything as it was typed."""
    if wants_json():
        raise problem
    if problem.code in HAVE:
        return _have_it(course, problem)
    return _page(user, course, tier, form, errors_of(problem), problem)


def _page(
    user: SignedInUser, course: str, tier: str, form: CheckoutForm, errors: dict[str, str], problem: Problem | None = None
) -> Response:
    """The page; a currency or coupon that does not count is named as wrong, and the price shown without it."""
    priced = form.without(errors)
    try:
        found = _choices(user, course, tier, priced)
    except Unprocessable as wrong:
        more = errors_of(wrong)
        if not set(more) & set(priced.choice):
            raise
        return _page(user, course, tier, form, errors | more, problem or wrong)
    let_forms_leave()
    status = problem.status if problem else 200
    return make_response(
        render_template("payments/checkout.html", found=found, quote=found.quote, form=form, priced=priced, errors=errors,
                        said=problem.detail if problem and not errors else None, chosen=_chosen_provider(found, form),
                        email=form.email or _known_email(user.id), terms_url=runtime().settings[PaymentSettings].terms_url), status)


def _choices(user: SignedInUser, course: str, tier: str, form: CheckoutForm) -> Choices:
    return checkout.choices(user.id, course, tier, currency=form.currency or None, coupon=form.coupon or None, language=language())


def _chosen_provider(found: Choices, form: CheckoutForm) -> str:
    codes = [one.meta.code for one in found.providers]
    return form.provider if form.provider in codes else next(iter(codes), "")


def _known_email(user_id: int) -> str:
    """The address that the person gave the last time."""
    with reading():
        last = Payment.select(lambda row: row.user_id == user_id and row.email is not None).order_by(desc(Payment.created_at)).first()
        return str(last.email) if last else ""


def _have_it(course: str, problem: Problem) -> Response:
    if wants_json() or problem.code not in HAVE:
        raise problem
    flash(_(problem.detail), "done")
    return redirect(f"/courses/{quote(course)}", 303)
