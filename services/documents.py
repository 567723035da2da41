"""Files that a job makes for its user: kept whole, downloaded by that user alone, removed after their time.

    from studium.services.documents import kept_for, keep_document

    @job_kind("price_list", N_("Price list"), keep=kept_for)
    def price_list(job: RunningJob, params: NoParams) -> dict[str, Any]:
        return keep_document(job, "Prices.csv", "text/csv", lambda path: path.write_text("..."))

The job's card on the dashboard then offers the download. `services.typesetting` draws a PDF from a Typst template.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from studium.core.errors import PluginError
from studium.core.runtime import runtime
from studium.queue.running import RunningJob


class Keep(Protocol):
    """As `keep_document`."""

    def __call__(self, job: RunningJob, filename: str, content_type: str, write: Callable[[Path], object]) -> dict[str, Any]: ...


@dataclass(frozen=True)
class DocumentStore:
    """A place for files, as a plugin offers it by the hook `find_document_store`; the fields are the functions below."""

    keep: Keep
    kept_for: Callable[[], timedelta]


def keep_document(job: RunningJob, filename: str, content_type: str, write: Callable[[Path], object]) -> dict[str, Any]:
    """Let `write` make the file at the path that it is given, keep it for the job's user, and answer what the job should answer.

    That is {"download": address, "filename", "bytes", "expires_at": ISO 8601, UTC}; add to it what you like. Called again with the same
    file name in the same job, it replaces its own file and keeps the address, so a job may be run twice. `filename` is the name for
    saving, in any script. Call it outside a transaction. Raises Discard for a job of nobody, PluginError when no plugin keeps files.
    """
    return _store().keep(job, filename, content_type, write)


def kept_for() -> timedelta:
    """How long a file is kept; for `keep=` of the job's kind, so that the job is there as long as its file."""
    return _store().kept_for()


def _store() -> DocumentStore:
    found: DocumentStore | None = runtime().hooks.find_document_store()
    if found is None:
        raise PluginError("No plugin keeps files. Put studium.plugins.documents into the list of plugins, or another that does.")
    return found
