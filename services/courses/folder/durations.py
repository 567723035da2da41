"""How long a video is, by its own container: the server owns the duration, never the browser or the author."""

from __future__ import annotations

from pathlib import Path

from ..store import open_plain
from .mp4 import is_mp4, mp4_duration_ms
from .webm import MAGIC, webm_duration_ms


class NotAVideo(Exception):
    """The file's bytes are not what its ending says."""


def read_duration_ms(path: Path) -> int | None:
    """Return the duration in milliseconds, or None when the container does not tell it.

    Knows WebM, Matroska, MP4 and QuickTime; other containers answer None. Raises NotAVideo when a .webm, .mp4, .m4v
    or .mov holds something else, and OSError when it cannot be read.
    """
    with open_plain(path) as file:
        size = path.stat().st_size
        head = file.read(12)
        ending = path.suffix.lower()
        if head[:4] == MAGIC and ending == ".webm":
            return webm_duration_ms(file, size)
        if is_mp4(head) and ending in (".mp4", ".m4v", ".mov"):
            return mp4_duration_ms(file, size)
    if ending in (".webm", ".mp4", ".m4v", ".mov"):
        raise NotAVideo(f"the file is not a {ending[1:]} video")
    return None
