"""/owner/webhooks: the inbox, the newest first, and how many deliveries were refused in the last days."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template, request
from pony.orm import count, desc, select

from studium.core.clock import now
from studium.core.database import reading
from studium.plugins.payments.entities import WebhookDelivery, WebhookRejection
from studium.plugins.payments.key_pages import number_of
from studium.services.provider_registry import provider_classes

PAGE = 50
DAYS = 30
STATES = ("new", "done", "ignored", "failed")


def show() -> str:
    """GET /owner/webhooks?state=&provider=&object=&before=; what is no choice lets everything through."""
    asked = {name: request.args.get(name, "").strip()[:200] for name in ("state", "provider", "object")}
    before = number_of(request.args.get("before", ""))
    with reading():
        found = WebhookDelivery.select()
        if asked["state"] in STATES:
            found = found.filter(lambda row: row.state == asked["state"])
        if asked["provider"]:
            found = found.filter(lambda row: row.provider == asked["provider"])
        if asked["object"]:
            found = found.filter(lambda row: row.object_id == asked["object"])
        if before is not None:
            found = found.filter(lambda row: row.id < before)
        rows = [row.to_dict(exclude=["raw", "headers"]) for row in found.order_by(desc(WebhookDelivery.id))[: PAGE + 1]]
    return render_template("payments/owner/webhooks.html", asked=asked, rows=rows[:PAGE], first=before is None, states=STATES,
                           older=rows[PAGE - 1]["id"] if len(rows) > PAGE else None, providers=sorted(provider_classes()),
                           counts=_counts(), rejections=_rejections(), days=DAYS)


def _counts() -> dict[str, int]:
    """How many of each state there are."""
    with reading():
        return dict(select((row.state, count(row)) for row in WebhookDelivery)[:])  # type: ignore[attr-defined]


def _rejections() -> list[dict[str, object]]:
    """By provider, day and reason, the newest day first."""
    first = (now() - timedelta(days=DAYS)).date().isoformat()
    with reading():
        rows = WebhookRejection.select(lambda row: row.day >= first)
        found: list[dict[str, object]] = [row.to_dict() for row in rows]
    return sorted(found, key=lambda row: (str(row["day"]), str(row["provider"]), str(row["reason"])), reverse=True)
