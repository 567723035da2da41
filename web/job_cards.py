"""A job as its owner sees it on the dashboard: the values of one card, and the name of the phase it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from studium.core.clock import now
from studium.queue.entities import FAILED
from studium.queue.jobs import JobView
from studium.services.redirects import safe_path

from .job_phase import phase_of
from .job_words import reason_of, starts_later, state_in_words, title_of

ICONS = {"queued": "clock", "retrying": "restart", "succeeded": "tick", "failed": "warning", "cancelled": "close"}


@dataclass(frozen=True)
class Download:
    """A file of a job: path, name and size in bytes; what is unknown is None."""

    url: str
    filename: str | None
    size: int | None


@dataclass(frozen=True)
class JobCard:
    """What a card shows. `phase` changes with everything but progress and message, so scripts know when to fetch the card again."""

    job: JobView
    title: str
    phase: str
    words: str
    icon: str | None
    reason: str | None
    starts_at: datetime | None
    downloads: tuple[Download, ...]
    expires_at: datetime | None
    expired: bool
    page: str | None

    @property
    def can_cancel(self) -> bool:
        """Whether the owner may stop it now."""
        return self.job.active and not self.job.cancel_requested

    @property
    def has_something(self) -> bool:
        """Whether there is a file to download or a page to open."""
        return bool(self.page or (self.downloads and not self.expired))

    @property
    def can_retry(self) -> bool:
        """Whether the owner may try it again."""
        return self.job.state == FAILED


def card_of(job: JobView) -> JobCard:
    """The card of a job in the reader's language. What a result says is taken only where it makes sense: paths of this site, real times."""
    result = job.result or {}
    expires_at = _time(result.get("expires_at"))
    return JobCard(
        job=job,
        title=title_of(job),
        phase=phase_of(job),
        words=state_in_words(job),
        icon=ICONS.get(job.state),
        reason=reason_of(job),
        starts_at=job.run_at if starts_later(job) else None,
        downloads=_downloads(result),
        expires_at=expires_at,
        expired=expires_at is not None and expires_at <= now(),
        page=_path(result.get("page")),
    )


def _downloads(result: Mapping[str, Any]) -> tuple[Download, ...]:
    also = result.get("also")
    further = [one for one in also if isinstance(one, Mapping)] if isinstance(also, Sequence) else []
    return tuple(found for one in (result, *further) if (found := _download(one)))


def _download(file: Mapping[str, Any]) -> Download | None:
    url, filename, size = _path(file.get("download")), file.get("filename"), file.get("bytes")
    if url is None:
        return None
    return Download(url, filename if isinstance(filename, str) else None, size if isinstance(size, int) else None)


def _path(value: object) -> str | None:
    return safe_path(value, "") or None if isinstance(value, str) else None


def _time(value: object) -> datetime | None:
    """Naive UTC of ISO 8601 text; without an offset it is UTC already."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if found is None or found.tzinfo is None:
        return found
    return (found - (found.utcoffset() or found - found)).replace(tzinfo=None)
