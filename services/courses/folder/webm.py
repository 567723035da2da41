"""Duration of a WebM or Matroska file from its Info element (Matroska RFC 9559, EBML RFC 8794)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

MAGIC = b"\x1a\x45\xdf\xa3"
_SEGMENT, _INFO, _TIMESTAMP_SCALE, _DURATION = 0x18538067, 0x1549A966, 0x2AD7B1, 0x4489
_DEFAULT_SCALE_NS = 1_000_000
_MAX_ELEMENTS = 10_000


def webm_duration_ms(file: BinaryIO, size: int) -> int | None:
    """Return the duration in milliseconds, or None when the file carries none (as live recordings do)."""
    file.seek(0)
    for segment, start, end in _elements(file, 0, size):
        if segment == _SEGMENT:
            for element, info_start, info_end in _elements(file, start, end):
                if element == _INFO:
                    return _read_info(file, info_start, info_end)
    return None


def _read_info(file: BinaryIO, start: int, end: int) -> int | None:
    scale = _DEFAULT_SCALE_NS
    duration: float | None = None
    for element, value_start, value_end in _elements(file, start, end):
        length = value_end - value_start
        if element == _TIMESTAMP_SCALE and 0 < length <= 8:
            scale = int.from_bytes(_read(file, value_start, length))
        elif element == _DURATION and length in (4, 8):
            raw = _read(file, value_start, length)
            duration = struct.unpack(">f" if length == 4 else ">d", raw)[0] if len(raw) == length else None
    if duration is None or not 0 < duration * scale < 1e18:
        return None
    return round(duration * scale / 1_000_000)


def _elements(file: BinaryIO, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield (id, start of value, end of value) of the elements between two offsets; stops at the first broken one."""
    position = start
    for _ in range(_MAX_ELEMENTS):
        if position >= end:
            return
        head = _read(file, position, 12)
        id_length = _vint_length(head[:1], 4)
        size_length = _vint_length(head[id_length : id_length + 1], 8) if id_length else 0
        if not size_length or len(head) < id_length + size_length:
            return
        size = int.from_bytes(head[id_length : id_length + size_length]) & ((1 << 7 * size_length) - 1)
        value = position + id_length + size_length
        unknown = size == (1 << 7 * size_length) - 1
        position = end if unknown else min(value + size, end)
        yield int.from_bytes(head[:id_length]), value, position


def _vint_length(first: bytes, longest: int) -> int:
    """Return how many bytes a variable-size integer takes, 0 when it is broken."""
    length = 9 - first[0].bit_length() if first and first[0] else 0
    return length if length <= longest else 0


def _read(file: BinaryIO, position: int, length: int) -> bytes:
    file.seek(position)
    return file.read(length)
