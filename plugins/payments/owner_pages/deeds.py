"""/owner/payments/<id>/<deed>: a form, then a page that says exactly what will happen, then it happens, once.

A form carries a mark of the state that it was filled in on sight of, and an id of its own; both are looked at in the transaction that does
it. So neither a double click nor the back button does anything twice, and nothing is done on sight of a state that is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4, uuid5

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.database import transaction
from studium.core.errors import NotFound, Unprocessable
from studium.plugins.payments.errors import Explained
from studium.plugins.payments.owner_pages.deed_kinds import DEEDS, Deed, Form
from studium.plugins.payments.owner_pages.gate import who
from studium.plugins.payments.owner_pages.record import Record, find_record

FORM_IDS = UUID("5a0b6f0e-6f2c-4a39-9b65-0a6c7c1a5a1e")  # the namespace of ids made from those of forms


@dataclass(frozen=True)
class Page:
    """What the template shows: the form as it was typed, what is wrong, and, to be confirmed, what will happen."""

    form: Form
    problem: str = ""
    errors: dict[str, str] | None = None
    effects: tuple[str, ...] = ()


def possible_deeds(record: Record) -> list[Deed]:
    """What can be done to the payment as it is."""
    return [deed for deed in DEEDS.values() if deed.is_possible(record)]


def show(payment_id: str, deed: str) -> str:
    """GET: the empty form."""
    kind, record = _find(deed), find_record(payment_id)
    return _page(kind, record, Page(kind.blank(record)))


def send(payment_id: str, deed: str) -> Response | tuple[str, int] | str:
    """POST {the deed's fields}: the page to confirm; with `sure` (and `seen`, `form_id`) it is done. 422 or 409 with the form otherwise."""
    kind, record = _find(deed), find_record(payment_id)
    form = Form.read(request.form)
    try:
        if errors := kind.errors(record, form):
            return _page(kind, record, Page(form, errors=errors)), 422
        if not request.form.get("sure"):
            if not kind.is_possible(record):
                return _page(kind, record, Page(form)), 409
            return _page(kind, record, Page(form, effects=tuple(kind.effects(record, form))))
        return _do(kind, record, form)
    except Explained as error:
        return _page(kind, record, Page(form, problem=error.told(_))), 409


def _do(kind: Deed, record: Record, form: Form) -> Response:
    payment_id, mark = record.row.id, _form_id(record)
    with transaction():
        fresh = find_record(payment_id)
        if any(refund.id == mark for refund in fresh.refunds):
            said, category = _("It was done already; the second click changed nothing."), "done"
        elif fresh.seen != request.form.get("seen"):
            said, category = _("The payment changed after that page was opened, so nothing was done. Look at it again."), "error"
        else:
            said, category = kind.do(fresh, form, who(), mark), "done"
    flash(said, category)
    return redirect(url_for("owner.payment_page_show", payment_id=payment_id), 303)


def _form_id(record: Record) -> str:
    """The form's own id, made one of this payment: it becomes the id of the refund."""
    asked = request.form.get("form_id", "")
    if not 8 <= len(asked) <= 64:
        raise Unprocessable(_("The form is damaged. Open it again."))
    return str(uuid5(FORM_IDS, f"{record.row.id}:{asked}"))


def _find(deed: str) -> Deed:
    found = DEEDS.get(deed)
    if found is None:
        raise NotFound(_("There is no such action."))
    return found


def _page(kind: Deed, record: Record, page: Page) -> str:
    refusal = "" if kind.is_possible(record) else _("This cannot be done to the payment as it is now.")
    return render_template("payments/owner/deed.html", deed=kind, record=record, page=page, refusal=refusal, form_id=uuid4().hex)

