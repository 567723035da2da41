"""/owner: what came in, what needs a person, and the latest payments."""

from __future__ import annotations

from flask import json, render_template
from pony.orm import desc

from studium.core.database import reading
from studium.plugins.payments.entities import DriftReport, WebhookDelivery
from studium.plugins.payments.owner_pages.filters import ANY_NEED, PaymentFilter
from studium.plugins.payments.owner_pages.search import count_needing, find_payments
from studium.plugins.payments.owner_pages.takings import RANGES, find_takings
from studium.plugins.payments.owner_pages.words import NEEDS

SHOWN = 10
REPORTS = 30


def show() -> str:
    """GET /owner."""
    return render_template(
        "payments/owner/front.html", takings=find_takings(), ranges=RANGES, needs={need: count_needing(need) for need in NEEDS},
        needing=find_payments(PaymentFilter(need=ANY_NEED), None, SHOWN), latest=find_payments(PaymentFilter(), None, SHOWN),
        failed_webhooks=_failed_webhooks(), findings=_findings())


def _failed_webhooks() -> int:
    with reading():
        return int(WebhookDelivery.select(lambda row: row.state == "failed").count())


def _findings() -> int:
    """How many differences the newest report of each provider names."""
    newest: dict[str, str] = {}
    with reading():
        for row in DriftReport.select().order_by(lambda row: desc(row.id))[:REPORTS]:
            newest.setdefault(row.provider, row.findings)
    return sum(len(json.loads(findings)) for findings in newest.values())
