"""/owner/enrolments/<id>/revoke: take access back by hand, with a reason; the page says whose access to what ends."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.database import reading
from studium.core.errors import Conflict, NotFound, Unprocessable
from studium.plugins.payments.entities import Enrolment
from studium.plugins.payments.granting import revoke_enrolment
from studium.plugins.payments.owner_pages.enrolment_list import EnrolmentRow, rows_of
from studium.plugins.payments.owner_pages.gate import who
from studium.plugins.payments.owner_pages.upgrades import with_upgrades


def show(enrolment_id: int) -> str:
    """GET: what will end, and the form."""
    return _page(_find(enrolment_id), "", "")


def send(enrolment_id: int) -> Response | tuple[str, int]:
    """POST {reason}; again changes nothing. 422 with the form without a reason."""
    found, reason = _find(enrolment_id), request.form.get("reason", "").strip()
    try:
        revoke_enrolment(enrolment_id, reason=reason, by=who())
    except Unprocessable as error:
        return _page(found, reason, _(error.detail)), 422
    except Conflict as error:
        flash(_(error.detail), "error")
    else:
        flash(_("Access has ended."), "done")
    return redirect(url_for("owner.enrolment_list_show", q=found[0].user_id), 303)


def _find(enrolment_id: int) -> list[EnrolmentRow]:
    """The enrolment, and the running ones that stand on it."""
    with reading():
        row = Enrolment.get(id=enrolment_id)
        if row is None:
            raise NotFound(_("There is no such enrolment."))
        return rows_of(with_upgrades([row]))


def _page(found: list[EnrolmentRow], reason: str, problem: str) -> str:
    return render_template("payments/owner/revoke.html", row=found[0], above=[one for one in found[1:] if one.runs], reason=reason,
                           problem=problem)
