"""Many payments at once, straight into the tables."""

from __future__ import annotations

import itertools
from datetime import timedelta
from uuid import uuid4

from studium.core.clock import now
from studium.core.database import execute, execute_many, transaction
from tests.plugins.payments.school import School

_numbers = itertools.count(1)
STATUSES = ("completed", "completed", "completed", "partly_refunded", "refunded", "pending", "failed", "expired", "disputed", "creating")


def many_payments(count: int, school: School, *, problems: bool = True) -> None:
    """So many, each of another person, of all statuses, with ledger, enrolment, refund and webhook."""
    with transaction():
        for number in itertools.islice(_numbers, count):
            _payment(number, school, problems=problems)


def _payment(number: int, school: School, *, problems: bool) -> None:
    at, payment_id, status = now() - timedelta(minutes=number * 7), str(uuid4()), STATUSES[number % len(STATUSES)]
    user = execute(
        "INSERT INTO user (telegram_id, username, first_name, last_name, photo_url, session_token, authenticated, language, time_zone, "
        "created_at, updated_at) VALUES (?, '', ?, 'Petrova', '', ?, 1, '', 'UTC', ?, ?)",
        (10**7 + number, f"Mia {number}", str(uuid4()), at, at)).lastrowid
    paid = 2900 if status in ("completed", "partly_refunded", "refunded", "disputed") else 0
    back = {"partly_refunded": 900, "refunded": 2900}.get(status, 0)
    values = {
        "id": payment_id, "number": f"S-2025-{number:06}", "user_id": user, "course_id": school.course, "tier_id": school.tiers["basic"],
        "tier_key": "basic", "provider": "shop" if number % 3 else "till", "reference": f"many_{number}", "status": status,
        "currency": "USD" if number % 2 else "RUB", "amount_minor": 2900, "list_minor": 2900, "discount_minor": 0, "credit_minor": 0,
        "paid_minor": paid, "refunded_minor": back, "livemode": number % 4 == 0, "language": "en", "attempt_key": payment_id,
        "metadata": '{"course": "rivers", "course_title": "Rivers", "tier_title": "Basic", "coupon": null}',
        "problem": "paid-twice" if problems and number % 50 == 0 else None, "created_at": f"{at:%Y-%m-%d %H:%M:%S.%f}", "updated_at": at,
        "checks": 0, "revision": 0, "set_aside": 0,
    }
    execute(f"INSERT INTO payment ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", tuple(values.values()))
    if paid:
        execute_many("INSERT INTO payment_ledger (payment_id, kind, ref, amount_minor, currency, at) VALUES (?, ?, ?, ?, ?, ?)",
                     [(payment_id, "charge", "1", paid, values["currency"], values["created_at"])]
                     + ([(payment_id, "refund", "2", -back, values["currency"], values["created_at"])] if back else []))
        execute("INSERT INTO enrolment (user_id, course_id, tier_id, tier_key, source, payment_id, amount_paid_minor, reason, granted_by, "
                "enrolled_at, revoked_reason, revoked_by) VALUES (?, ?, ?, 'basic', 'payment', ?, ?, '', 'x', ?, '', '')",
                (user, school.course, school.tiers["basic"], payment_id, paid, at))
    execute("INSERT INTO webhook_delivery (provider, event_key, kind, object_id, payment_id, headers, raw, remote_addr, received_at, "
            "deliveries, state, attempts) VALUES ('shop', ?, 'payment.changed', ?, ?, '{}', '{}', '', ?, 1, 'done', 1)",
            (payment_id, f"many_{number}", payment_id, at))
