"""A row for each table that nothing else in the tests of pages fills, straight into the tables."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from studium.core.clock import now
from studium.core.database import execute
from studium.plugins.email.tokens import hash_of, token_of
from studium.queue.minutes import BOUNDS
from tests.web.ten_times import empty_tables

WORDS = json.dumps({"en": "Привет", "ru": "Привет"})
NONCE = "once"  # of the link that confirms an e-mail address
NO_ROW_NEEDED = {
    "fact_delivery": "no page shows what was delivered",
    "forgotten_student": "they have no account any more",
    "telegram_bot_update": "numbers of Telegram, for no page",
    "telegram_widget_use": "hashes, for no page",
}


def insert(table: str, **values: Any) -> None:
    """A row, in the open transaction; what a column needs and is not given is 0, a word, or the present moment."""
    for _number, name, kind, needed, default, key in execute(f'PRAGMA table_info("{table}")').fetchall():
        if needed and default is None and name not in values and not (key and kind.upper() == "INTEGER"):
            values[name] = now() if kind.upper() == "DATETIME" else 0 if kind.upper() in ("INTEGER", "BIGINT", "BOOLEAN") else "слово"
    names = ", ".join(f'"{name}"' for name in values)
    execute(f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(values))})', tuple(values.values()))


def first(table: str) -> int:
    """The smallest id in a table, 1 in an empty one."""
    return int(execute(f'SELECT coalesce(min(id), 1) FROM "{table}"').fetchone()[0])


def fill_empty_tables(user: int, course: int, payment: str) -> None:
    """Give each table that is empty the row that is written here for it."""
    rows = _rows_of_work(now()) | _rows_of_people(user, course, payment, now())
    for table in sorted(empty_tables() & set(rows)):
        insert(table, **rows[table])


def _rows_of_work(at: datetime) -> dict[str, dict[str, Any]]:
    return {
        "heartbeat": {"program": "worker"},
        "job_minute": {"minute": at.replace(second=0, microsecond=0), "queue": "default", "wait_ms": json.dumps([0] * (len(BOUNDS) + 1))},
        "payment_drift": {"provider": "shop", "since": at, "at": at, "looked_at": 1, "findings": json.dumps([
            {"kind": "different", "reference": "1", "payment_id": None, "ours": "pending, 29.00 USD", "theirs": "no answer: нет"}])},
        "periodic_run": {"task": "trim_cache", "due_at": at - timedelta(days=1), "outcome": "enqueued", "started_by": "Олег (user 4)"},
        "periodic_task": {"name": "trim_cache", "schedule": "every hour", "paused_by": "Олег (user 4)", "paused_at": at},
        "queue_pause": {"queue": "default", "paused_by": "Олег (user 4)", "paused_at": at},
        "webhook_rejection": {"provider": "shop", "day": f"{at:%Y-%m-%d}", "reason": "signature", "count": 1},
        "worker": {"name": "тут/1/1", "queue": "default"},
    }


def _rows_of_people(user: int, course: int, payment: str, at: datetime) -> dict[str, dict[str, Any]]:
    return {
        "certificate_change": {"certificate": first("certificate"), "change": "revoked", "by": "Вера", "at": at},
        "coupon_use": {"coupon_id": first("coupon"), "user_id": user, "payment_id": payment, "state": "used", "at": at},
        "email_address": {"user_id": user, "address": "соня@школа.рф", "nonce": NONCE, "token_hash": hash_of(token_of(NONCE)),
                          "expires_at": at + timedelta(days=1)},
        "notification": {"user_id": user, "event": "course_completed", "key": "1", "details": "{}", "path": "/dashboard", "shown": True},
        "notification_broadcast": {"titles": WORDS, "texts": WORDS, "path": "/", "course_id": course, "form_id": "1", "state": "sent"},
        "notification_bundle": {"user_id": user, "channel": "telegram", "kind": "daily", "state": "sent"},
        "notification_delivery": {"notification_id": first("notification"), "user_id": user, "channel": "telegram", "state": "sent",
                                  "mode": "now"},
        "notification_habit": {"user_id": user, "digest_at": 540},
        "notification_preference": {"user_id": user, "event": "course_completed", "channel": "telegram", "mode": "off"},
        "notification_silence": {"user_id": user, "channel": "telegram", "address": "501", "reason": "blocked"},
        "telegram_bot_chat": {"telegram_id": 501},
        "telegram_challenge": {"token_hash": "1", "browser_hash": "1", "number": 11, "choices": "11 12 13", "language": "ru",
                               "expires_at": at + timedelta(minutes=9)},
        "watch_session": {"session_key": "1", "user_id": user, "lesson_id": first("lesson"), "segments": "[]"},
    }
