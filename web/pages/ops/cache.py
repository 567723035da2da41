"""What the cache holds and how often it helps; emptying it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.logs import get_logger
from studium.services.cache import cache

from .gate import who

log = get_logger(__name__)
HOURS = {"1h": 1, "24h": 24, "7d": 168}
FIRST_RANGE = "24h"


def show() -> str:
    """GET /ops/cache?range=1h|24h|7d."""
    asked = request.args.get("range", "")
    chosen = asked if asked in HOURS else FIRST_RANGE
    ranges = {"1h": _("Last hour"), "24h": _("Last 24 hours"), "7d": _("Last 7 days")}
    return render_template("ops/cache.html", figures=cache().figures(HOURS[chosen]), chosen=chosen, ranges=ranges)


def clear() -> Response:
    """POST /ops/cache/clear."""
    if cache().clear():
        log.info("cache_cleared", by=who())
        flash(_("The cache is empty. Pages are made anew as they are asked for."), "done")
    else:
        flash(_("The cache could not be emptied: its file is locked or broken. Try again in a moment."), "error")
    return redirect(url_for("ops.cache"), 303)
