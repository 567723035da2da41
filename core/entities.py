"""The framework's own rows: facts, their deliveries, and the heartbeats of processes."""

from __future__ import annotations

from datetime import datetime

from pony.orm import LongStr, Optional, PrimaryKey, Required, Set, composite_key

from studium.core.database import db


class Fact(db.Entity):  # type: ignore[misc]
    """Something that happened, written in the transaction that made it true; payload is JSON of the fact's model."""

    _table_ = "fact"
    id = PrimaryKey(int, auto=True)
    name = Required(str)
    version = Required(int)
    payload = Required(LongStr, lazy=False)
    unique_key = Optional(str, unique=True, nullable=True)
    created_at = Required(datetime)
    deliveries = Set("FactDelivery")


class FactDelivery(db.Entity):  # type: ignore[misc]
    """One subscriber has taken one fact."""

    _table_ = "fact_delivery"
    id = PrimaryKey(int, auto=True)
    fact = Required(Fact, column="fact")
    subscriber = Required(str)
    delivered_at = Required(datetime)
    composite_key(fact, subscriber)


class Heartbeat(db.Entity):  # type: ignore[misc]
    """The last sign of life of a program, such as `cable` or `worker:default`."""

    _table_ = "heartbeat"
    program = PrimaryKey(str)
    pid = Required(int)
    started_at = Required(datetime)
    seen_at = Required(datetime)
