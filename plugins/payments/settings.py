"""Settings of payments."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from studium.core.settings import Section
from studium.services.limits import Rate


class PaymentSettings(Section):
    """STUDIUM_PAYMENTS_..."""

    prefix: ClassVar[str] = "PAYMENTS"

    keep_webhooks_days: int = Field(400, ge=1, description="days for which webhooks of payments are kept, for replays and questions")
    checkouts: Rate = Field(
        "30/minute;300/hour", description="times that one person may send the checkout form, coupons that are tried included")
    terms_url: str | None = Field(
        None, description="address of the page with the terms of sale, shown beside the button that pays; a path such as /terms, or https")
