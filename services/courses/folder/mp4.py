"""Duration of an MP4 or QuickTime file from its movie header (ISO/IEC 14496-12, boxes moov, mvhd and mehd)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

_MAX_BOXES = 10_000
_UNKNOWN = (0, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)


def is_mp4(head: bytes) -> bool:
    """Tell whether the first bytes of a file are those of an MP4 or QuickTime file."""
    return head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")


def mp4_duration_ms(file: BinaryIO, size: int) -> int | None:
    """Return the duration in milliseconds, or None when the file carries none."""
    for movie, start, end in _boxes(file, 0, size):
        if movie == b"moov":
            return _read_movie(file, start, end)
    return None


def _read_movie(file: BinaryIO, start: int, end: int) -> int | None:
    scale, duration = 0, 0
    for box, value_start, value_end in _boxes(file, start, end):
        if box == b"mvhd":
            scale, duration = _read_header(file, value_start)
        elif box == b"mvex" and duration in _UNKNOWN:
            duration = _read_fragments(file, value_start, value_end)
    return round(duration * 1000 / scale) if scale and duration not in _UNKNOWN else None


def _read_header(file: BinaryIO, start: int) -> tuple[int, int]:
    raw = _read(file, start, 32)
    if len(raw) < 32:
        return 0, 0
    if raw[0] == 1:
        return int.from_bytes(raw[20:24]), int.from_bytes(raw[24:32])
    return int.from_bytes(raw[12:16]), int.from_bytes(raw[16:20])


def _read_fragments(file: BinaryIO, start: int, end: int) -> int:
    for box, value_start, _ in _boxes(file, start, end):
        if box == b"mehd":
            raw = _read(file, value_start, 12)
            return int.from_bytes(raw[4:12]) if raw[:1] == b"\x01" else int.from_bytes(raw[4:8])
    return 0


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, start of content, end of content) of the boxes between two offsets; stops at a broken one."""
    position = start
    for _ in range(_MAX_BOXES):
        head = _read(file, position, 16)
        if position + 8 > end or len(head) < 8:
            return
        size, header = int.from_bytes(head[:4]), 8
        if size == 1:
            size, header = int.from_bytes(head[8:16]), 16
        elif size == 0:
            size = end - position
        if size < header:
            return
        stop = min(position + size, end)
        yield head[4:8], position + header, stop
        position = stop


def _read(file: BinaryIO, position: int, length: int) -> bytes:
    file.seek(position)
    return file.read(length)
