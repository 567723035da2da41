"""/owner/coupons/new: a form that makes a coupon; a code is taken for good, so a second click makes no second one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import to_utc
from werkzeug.wrappers import Response

from studium.core.errors import Conflict, Unprocessable
from studium.plugins.payments.coupon_owner import NewCoupon, create_coupon
from studium.plugins.payments.owner_pages.deed_kinds import AMOUNT
from studium.plugins.payments.owner_pages.gate import who
from studium.services.courses.catalogue import find_courses
from studium.services.languages import language
from studium.services.money import Money, MoneyError

TEXTS = ("code", "percent", "amount", "currency", "course_id", "max_uses", "valid_from", "valid_until", "note")


class Wrong(Exception):
    """A field that cannot be read; the text says what is wanted."""


def show() -> str:
    """GET: the empty form."""
    return _page({"once_per_user": "1"}, [], {})


def send() -> Response | tuple[str, int]:
    """POST; 422 or 409 with the form as it was typed, each message at its field."""
    asked = {name: request.form.get(name, "").strip() for name in (*TEXTS, "once_per_user")}
    keys = request.form.getlist("tier_keys")
    try:
        made, errors = _read(asked, keys)
        if errors:
            return _page(asked, keys, errors), 422
        create_coupon(made, who())
    except Unprocessable as problem:
        found = {error["field"]: error["message"] for error in problem.extra.get("errors", ())}
        return _page(asked, keys, {name: _(text) for name, text in found.items()}), 422
    except Conflict as problem:
        return _page(asked, keys, {"code": _(problem.detail)}), 409
    flash(_("The coupon is there."), "done")
    return redirect(url_for("owner.coupons_show"), 303)


def _read(asked: Mapping[str, str], keys: list[str]) -> tuple[NewCoupon, dict[str, str]]:
    """The coupon, and what cannot be read, by field."""
    errors: dict[str, str] = {}

    def field(name: str, read: Any) -> Any:
        try:
            return read(asked[name]) if asked[name] else None
        except Wrong as problem:
            errors[name] = str(problem)
            return None

    made = NewCoupon(
        code=asked["code"], percent=field("percent", _whole), amount=field("amount", lambda text: _money(text, asked["currency"])),
        course_id=field("course_id", _whole), tier_keys=tuple(keys), max_uses=field("max_uses", _whole),
        once_per_user=bool(asked["once_per_user"]), valid_from=field("valid_from", _moment), valid_until=field("valid_until", _moment),
        note=asked["note"])
    return made, errors


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Wrong(_("A whole number."))
    return int(text)


def _money(text: str, currency: str) -> Money:
    plain = "".join(text.split())
    try:
        if not AMOUNT.fullmatch(plain):
            raise MoneyError("no plain number")
        return Money(plain.replace(",", "."), currency)
    except MoneyError:
        raise Wrong(_("An amount such as 500 or 4.50, and its currency.")) from None


def _moment(text: str) -> datetime:
    """The reader's local time as naive UTC."""
    try:
        moment = datetime.fromisoformat(text)
        if not 2000 <= moment.year <= 2999:
            raise ValueError("not a year of ours")
        utc: datetime = to_utc(moment)
    except (ValueError, OverflowError):
        raise Wrong(_("A date and a time, such as 2026-11-22T10:00.")) from None
    return utc


def _page(asked: Mapping[str, str], keys: list[str], errors: dict[str, str]) -> str:
    courses = find_courses(language())
    tiers = {tier.key: tier.title for course in courses for tier in course.tiers}
    currencies = sorted({code for course in courses for tier in course.tiers for code in tier.prices})
    return render_template("payments/owner/new_coupon.html", asked=asked, keys=keys, errors=errors, courses=courses, tiers=tiers,
                           currencies=currencies)
