"""Where mail lies when there is no mail server, outside of production: one .eml file each in outbox/ of the data folder."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from studium.core.clock import now
from studium.core.logs import get_logger
from studium.core.runtime import runtime

if TYPE_CHECKING:
    from email.message import EmailMessage

log = get_logger(__name__)
MOST_FILES = 500
NAME = re.compile(r"\d{8}T\d{12}-[0-9a-f]{12}-[0-9a-f]{4}\.eml")


def folder() -> Path:
    """outbox/ of the data folder; it may not exist yet."""
    return runtime().settings.core.data_dir / "outbox"


def keep(message: EmailMessage) -> Path:
    """Write the mail into the outbox, whole in one step; the oldest beyond MOST_FILES go. Answers its file."""
    folder().mkdir(parents=True, exist_ok=True)
    mail = hashlib.sha256(str(message["Message-ID"]).encode()).hexdigest()[:12]  # the same for a repeat
    path = folder() / f"{now():%Y%m%dT%H%M%S%f}-{mail}-{secrets.token_hex(2)}.eml"
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(bytes(message))
    draft.replace(path)
    for old in files()[MOST_FILES:]:
        old.unlink(missing_ok=True)
    log.info("mail_in_outbox", file=str(path), subject=str(message["Subject"]))
    return path


def files() -> list[Path]:
    """The files of the outbox, the newest first."""
    if not folder().is_dir():
        return []
    return sorted((path for path in folder().iterdir() if NAME.fullmatch(path.name)), reverse=True)


def find(name: str) -> Path | None:
    """The file of this name; None when there is none."""
    path = folder() / name
    return path if NAME.fullmatch(name) and path.is_file() else None
