"""Rows of notifications: what people were told, how it is carried to them, and what they chose."""

from __future__ import annotations

from datetime import datetime

from pony.orm import LongStr, Optional, PrimaryKey, Required, composite_index, composite_key

from studium.core.database import db

WAITING, GATHERED, SENT, FAILED, DROPPED = "waiting", "gathered", "sent", "failed", "dropped"  # states of a delivery


class Notification(db.Entity):  # type: ignore[misc]
    """One thing that one person was told of, once: (user_id, event, key) is its dedupe key.

    `details` is JSON (services/notifications/values.py). `shown`: whether the bell has it; what a person switched off there may still be
    carried elsewhere.
    """

    _table_ = "notification"
    id = PrimaryKey(int, auto=True)
    user_id = Required(int)
    event = Required(str, 60)
    key = Required(str, 200)
    details = Required(LongStr, lazy=False)
    path = Required(str, 300)
    shown = Required(bool)
    created_at = Required(datetime, index="idx_notification__created_at")
    read_at = Optional(datetime)
    composite_key(user_id, event, key)
    composite_index(user_id, shown, read_at)  # how many are unread
    composite_index(user_id, id)  # the newest of a person, without looking at the others


class Delivery(db.Entity):  # type: ignore[misc]
    """A notice on its way through one channel; one for each (notification, channel).

    `waiting` until `due_at`; `gathered` into a bundle, which shares its fate; `sent`; `failed` with `error`; `dropped` when the person
    does not want it any more or cannot be reached there, with the reason in `error`. Only the job `job_id` carries it (a gathered one:
    that of its bundle), so that a job that runs again after it handed over sends nothing. `mode` is now, daily or quiet: why it waits.
    """

    _table_ = "notification_delivery"
    id = PrimaryKey(int, auto=True)
    notification_id = Required(int)
    user_id = Required(int)
    channel = Required(str, 40)
    state = Required(str, 20)
    mode = Required(str, 10)
    due_at = Required(datetime)
    bundle_id = Optional(int, index="idx_notification_delivery__bundle_id")
    job_id = Optional(str, 36)
    sent_at = Optional(datetime)
    reference = Optional(str, 200)
    error = Optional(str, 500)
    composite_key(notification_id, channel)
    composite_index(user_id, channel, state, due_at)  # with the time, or a gathering is thought to be found faster by that alone
    composite_index(state, due_at)


class Bundle(db.Entity):  # type: ignore[misc]
    """Several notices that go in one message: the digest of a day (`kind` daily), or what waited for the end of quiet hours (`quiet`).

    `state` and `job_id` are as those of a delivery.
    """

    _table_ = "notification_bundle"
    id = PrimaryKey(int, auto=True)
    user_id = Required(int, index="idx_notification_bundle__user_id")
    channel = Required(str, 40)
    kind = Required(str, 10)
    state = Required(str, 20)
    job_id = Optional(str, 36)
    created_at = Required(datetime)
    sent_at = Optional(datetime)
    reference = Optional(str, 200)
    error = Optional(str, 500)
    composite_index(state, created_at)


class Preference(db.Entity):  # type: ignore[misc]
    """What a person chose for one event in one channel, `now`, `daily` or `off`; no row means the event's default."""

    _table_ = "notification_preference"
    user_id = Required(int)
    event = Required(str, 60)
    channel = Required(str, 40)
    mode = Required(str, 10)
    PrimaryKey(user_id, event, channel)


class Habit(db.Entity):  # type: ignore[misc]
    """When a person wants to be told, in their time zone: the minute of the day of the digest, and quiet hours, which may pass midnight.

    Minutes are 0 to 1439; without quiet hours both ends are empty.
    """

    _table_ = "notification_habit"
    user_id = PrimaryKey(int)
    digest_at = Required(int)
    quiet_from = Optional(int)
    quiet_until = Optional(int)


class Silence(db.Entity):  # type: ignore[misc]
    """A channel that is switched off for a person as `address` is dead; another address, or the person, switches it on again."""

    _table_ = "notification_silence"
    user_id = Required(int)
    channel = Required(str, 40)
    address = Required(str, 320)
    reason = Required(str, 40)
    since = Required(datetime)
    PrimaryKey(user_id, channel)


class Broadcast(db.Entity):  # type: ignore[misc]
    """An announcement of the owner; `titles` and `texts` are JSON {language: words}; `course_id` None goes to everybody.

    `reached` is the user id up to which notices are made, `told` how many were; `finished_at` when all are. A `form_id` is sent once.
    """

    _table_ = "notification_broadcast"
    id = PrimaryKey(int, auto=True)
    titles = Required(LongStr, lazy=False)
    texts = Required(LongStr, lazy=False)
    path = Required(str, 300)
    course_id = Optional(int)
    by_user_id = Optional(int)
    form_id = Required(str, 64, unique=True)
    state = Required(str, 20)
    reached = Required(int)
    told = Required(int)
    created_at = Required(datetime)
    finished_at = Optional(datetime)


ENTITIES = [Notification, Delivery, Bundle, Preference, Habit, Silence, Broadcast]
