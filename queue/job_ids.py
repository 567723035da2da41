"""Ids of jobs: UUID version 7 (RFC 9562, section 5.7), so ids made later sort later and the index stays compact."""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import UTC, datetime

from studium.core.clock import now_ms

JOB_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def new_job_id() -> str:
    """48 bits of milliseconds, version, 12 random bits, variant, 62 random bits; as 36 characters."""
    value = (now_ms() << 80) | (0x7 << 76) | (secrets.randbits(12) << 64) | (0b10 << 62) | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def is_job_id(text: str) -> bool:
    """Whether the text, which may come from an address, is written as ids are; what is not cannot even be asked for."""
    return JOB_ID.fullmatch(text) is not None


def first_id_at(moment: datetime) -> str:
    """The id (of no job) before which all ids made earlier than the moment sort, and after which all later ones; naive UTC."""
    return str(uuid.UUID(int=max(0, int(moment.replace(tzinfo=UTC).timestamp() * 1000)) << 80))


def made_at(job_id: str) -> datetime:
    """The time at which the id was made, to the millisecond; naive UTC."""
    return datetime.fromtimestamp((uuid.UUID(job_id).int >> 80) / 1000, UTC).replace(tzinfo=None)
