"""Ids of jobs: UUID version 7 (RFC 9562, section 5.7), so ids made later sort later and the index stays compact."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime

from studium.core.clock import now_ms


def new_job_id() -> str:
    """48 bits of milliseconds, version, 12 random bits, variant, 62 random bits; as 36 characters."""
    value = (now_ms() << 80) | (0x7 << 76) | (secrets.randbits(12) << 64) | (0b10 << 62) | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def first_id_at(moment: datetime) -> str:
    """The id (of no job) before which all ids made earlier than the moment sort, and after which all later ones; naive UTC."""
    return str(uuid.UUID(int=int(moment.replace(tzinfo=UTC).timestamp() * 1000) << 80))
