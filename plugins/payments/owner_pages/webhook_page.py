"""/owner/webhooks/<id>: one delivery as it came, without secrets and personal data; verified again at each look; and its replay."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from flask import flash, json, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.database import reading
from studium.core.errors import NotFound
from studium.plugins.payments.entities import Payment, WebhookDelivery
from studium.plugins.payments.errors import UnknownDelivery
from studium.plugins.payments.inbox import SEAL, is_sealed
from studium.plugins.payments.owner_pages.gate import who
from studium.plugins.payments.replay import Replay, replay
from studium.services.provider_registry import providers
from studium.services.providers import redact


def show(delivery_id: int) -> str:
    """GET."""
    return _page(delivery_id, None)


def try_out(delivery_id: int) -> str:
    """POST .../dry-run: asks the provider and shows what a replay would change; nothing is changed."""
    return _page(delivery_id, _replay(delivery_id, dry_run=True))


def do_it(delivery_id: int) -> Response:
    """POST .../replay: changes what the dry run showed, as the provider tells it now. Safe to repeat: what is so already stays so."""
    done = _replay(delivery_id, dry_run=False)
    if done.problem:
        flash(_("Nothing was replayed: %(problem)s", problem=_(done.problem)), "error")
    else:
        flash(_("Replayed; it changed %(count)s values.", count=len(done.diff)), "done")
    if done.payment_id:
        return redirect(url_for("owner.payment_page_show", payment_id=done.payment_id), 303)
    return redirect(url_for("owner.webhook_page_show", delivery_id=delivery_id), 303)


def _replay(delivery_id: int, *, dry_run: bool) -> Replay:
    try:
        return replay(delivery_id, dry_run, by=who())
    except UnknownDelivery:
        raise NotFound(_("There is no such webhook.")) from None


def _page(delivery_id: int, replayed: Replay | None) -> str:
    with reading():
        row = WebhookDelivery.get(id=delivery_id)
        if row is None:
            raise NotFound(_("There is no such webhook."))
        found = row.to_dict(with_lazy=True)
        payment = Payment.get(id=row.payment_id) if row.payment_id else None
        number, verified = (payment.number if payment else None), is_sealed(row)
    headers = {name: value for name, value in json.loads(found["headers"]).items() if name != SEAL}
    return render_template("payments/owner/webhook.html", row=found, number=number, verified=verified, headers=headers,
                           body=_body(found["provider"], found["raw"]), size=len(found["raw"] or ""), replayed=replayed)


def _body(code: str, raw: str) -> Any:
    """The body as plain data, redacted as its provider says and by the usual rules; None for what is neither JSON nor a form."""
    try:
        data = json.loads(raw.encode("latin-1")) if raw else None
    except (ValueError, RecursionError):
        data = dict(parse_qsl(raw, max_num_fields=200)) if "=" in raw[:100] else None
    provider = providers().get(code)
    return redact(provider.redact(data) if provider else data)
