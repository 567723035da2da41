"""Settings of documents: `STUDIUM_DOCUMENTS_*`."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from pydantic import Field, SecretStr

from studium.core.runtime import runtime
from studium.core.settings import Section


class DocumentsSettings(Section):
    """How long files are kept, and what certificates are signed with."""

    prefix: ClassVar[str] = "DOCUMENTS"

    keep_days: float = Field(7.0, gt=0, le=36_500, description="days that a file can be downloaded; it can be made again afterwards")
    most_files: int = Field(
        50, ge=2, description="most files of one kind that are kept for one person, so that nobody fills the disk; the oldest ones go")
    certificate_key: SecretStr | None = Field(
        None, min_length=32, description="signs the codes of certificates; STUDIUM_SECRET_KEY when unset. Before you change that one, set "
        "this to its old value, or the codes on printed certificates are no longer recognised")


def kept_for() -> timedelta:
    """How long a file is kept, and with it the job that made it."""
    return timedelta(days=runtime().settings[DocumentsSettings].keep_days)
