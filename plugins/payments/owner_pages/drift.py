"""/owner/drift: what the nightly comparisons with the providers found, and one to be made now."""

from __future__ import annotations

from flask import flash, json, redirect, render_template, url_for
from flask_babel import gettext as _
from pony.orm import desc
from werkzeug.wrappers import Response

from studium.core.database import reading, transaction
from studium.plugins.payments.entities import DriftReport
from studium.plugins.payments.sweep import LOOKS_BACK
from studium.plugins.payments.sweep_now import SweepNow, payments_sweep_now
from studium.queue import jobs
from studium.queue.errors import JobError
from studium.services.provider_registry import providers
from studium.services.providers import PaymentProvider

SHOWN = 30


def show() -> str:
    """GET /owner/drift: the newest reports."""
    with reading():
        rows = DriftReport.select().order_by(lambda row: desc(row.id))[:SHOWN]
        reports = [row.to_dict() | {"findings": json.loads(row.findings)} for row in rows]
    return render_template("payments/owner/drift.html", reports=reports, comparable=_comparable(), days=LOOKS_BACK.days)


def start() -> Response:
    """POST /owner/drift/sweep: a job for each provider that can tell what changed; while one runs no second one begins."""
    codes = _comparable()
    try:
        with transaction():
            for code in codes:
                jobs.enqueue(payments_sweep_now, SweepNow(provider=code), unique_key=code)
    except JobError as error:
        flash(str(error), "error")
    else:
        flash(_("The comparison has begun. Its report will be here in a moment: load the page again."), "done")
    return redirect(url_for("owner.drift_show"), 303)


def _comparable() -> list[str]:
    return [code for code, found in providers().items() if type(found).list_changes is not PaymentProvider.list_changes]
