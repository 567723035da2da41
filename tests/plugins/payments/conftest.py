"""Fixtures of buying."""

from __future__ import annotations

from tests.plugins.payments.money import begun, deliver, inside  # noqa: F401
from tests.plugins.payments.school import (  # noqa: F401
    buy,
    enrolments,
    mia,
    noah,
    payment,
    plant,
    school,
    selling,
    shop,
    start,
    watch,
)
