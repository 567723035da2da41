"""/owner/payments/<id>: the whole story of a payment, why it is stuck when it is, and what can be done."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.plugins.payments.owner_pages.deeds import possible_deeds
from studium.plugins.payments.owner_pages.gate import who
from studium.plugins.payments.owner_pages.record import find_record, story_of
from studium.plugins.payments.owner_pages.stored_words import rules_in_words
from studium.plugins.payments.settling import look
from studium.services.provider_registry import UnknownProvider
from studium.services.providers import POLL, ProviderDown


def show(payment_id: str) -> str:
    """GET; the number of the payment will do, too."""
    record = find_record(payment_id)
    can_ask = POLL in record.capabilities and record.row.reference is not None and record.is_set_up
    return render_template("payments/owner/payment.html", record=record, story=story_of(record), deeds=possible_deeds(record),
                           can_ask=can_ask)


def ask_provider(payment_id: str) -> Response:
    """POST .../look: asks the provider now and says what that changed."""
    found = find_record(payment_id).row.id
    try:
        applied = look(found, who())
    except (ProviderDown, UnknownProvider) as error:
        flash(_("The provider could not be asked: %(error)s", error=error), "error")
    else:
        if applied.moved:
            flash(_("The provider was asked, and the payment changed: %(rule)s", rule=rules_in_words(applied.rule)), "done")
        else:
            flash(_("The provider was asked; nothing changed: %(rule)s", rule=rules_in_words(applied.rule)), "done")
    return redirect(url_for("owner.payment_page_show", payment_id=found), 303)
