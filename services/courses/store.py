"""The media store: files under the SHA-256 of their bytes, so that equal files are stored once and none ever changes.

A file appears in the store whole or not at all: it is copied beside, synced to disk and renamed.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from studium.core.errors import StudiumError
from studium.core.runtime import runtime

_BLOCK = 1 << 20
_STALE_SECONDS = 24 * 3600
_PARTIAL = ".partial-"


class MediaChanged(StudiumError):
    """A file is not what it was when the course was checked."""


class MediaStore:
    """The folder of media files; `path(sha256)` is where the bytes of that hash lie."""

    def __init__(self, root: Path) -> None:
        """Use the folder `root`, which is made when the first file is stored."""
        self.root = root

    def path(self, sha256: str) -> Path:
        """Return where the file of this hash lies, whether or not it is there."""
        return self.root / sha256[:2] / sha256

    def has(self, sha256: str, size: int) -> bool:
        """Tell whether the file is in the store with all its bytes."""
        try:
            return self.path(sha256).stat().st_size == size
        except FileNotFoundError:
            return False

    def put(self, source: Path | bytes, sha256: str) -> bool:
        """Store a file durably and return True, or False when it is there already.

        Raises MediaChanged when the bytes do not have the hash that was announced.
        """
        target = self.path(sha256)
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if self.has(sha256, size):
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = self.root / f"{_PARTIAL}{uuid.uuid4().hex}"
        try:
            if _copy(source, partial) != sha256:
                raise MediaChanged(f"{source!s} changed while it was being imported. Run the import again.")
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        for folder in (target.parent, self.root):
            _sync_folder(folder)
        return True

    def remove_stale_partials(self) -> None:
        """Remove what a killed import left behind more than a day ago."""
        for partial in self.root.glob(f"{_PARTIAL}*"):
            if time.time() - partial.stat().st_mtime > _STALE_SECONDS:
                partial.unlink(missing_ok=True)


def media_store() -> MediaStore:
    """Return the store of the current app (`media/` in the data folder)."""
    return MediaStore(runtime().settings.core.data_dir / "media")


def open_plain(path: Path) -> BinaryIO:
    """Open a file for reading, refusing a symlink (OSError) so that a course cannot reach outside its folder."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")


def file_hash(source: Path | bytes) -> str:
    """Return the SHA-256 of a file or of bytes, in hex."""
    digest = hashlib.sha256()
    for block in _blocks(source):
        digest.update(block)
    return digest.hexdigest()


def _copy(source: Path | bytes, target: Path) -> str:
    digest = hashlib.sha256()
    with target.open("xb") as copy:
        for block in _blocks(source):
            digest.update(block)
            copy.write(block)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest()


def _blocks(source: Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with open_plain(source) as file:
        while block := file.read(_BLOCK):
            yield block


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
