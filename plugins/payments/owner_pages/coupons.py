"""/owner/coupons: the coupons with their uses, and archiving one."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.errors import NotFound
from studium.plugins.payments.coupon_owner import CouponView, archive_coupon, list_coupons
from studium.plugins.payments.owner_pages.gate import who
from studium.services.courses.catalogue import find_courses
from studium.services.languages import language


def show() -> str:
    """GET /owner/coupons; with ?archived=1 the archived ones."""
    archived = request.args.get("archived") == "1"
    titles = {course.id: course.title for course in find_courses(language())}
    return render_template("payments/owner/coupons.html", coupons=list_coupons(archived=archived), archived=archived, titles=titles)


def confirm_archive(coupon_id: int) -> str:
    """GET .../archive: what will happen."""
    return render_template("payments/owner/archive_coupon.html", coupon=_find(coupon_id))


def archive(coupon_id: int) -> Response:
    """POST .../archive; again does nothing."""
    archive_coupon(coupon_id, who())
    flash(_("Nobody can use the coupon any more."), "done")
    return redirect(url_for("owner.coupons_show"), 303)


def _find(coupon_id: int) -> CouponView:
    found = next((coupon for coupon in list_coupons() if coupon.id == coupon_id), None)
    if found is None:
        raise NotFound(_("There is no such coupon."))
    return found
