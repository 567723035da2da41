"""The duration of a video is read from its own container."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studium.services.courses.folder.durations import NotAVideo, read_duration_ms


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def _mp4(header: bytes, extra: bytes = b"") -> bytes:
    return _box(b"ftyp", b"isom") + _box(b"mdat", b"\0" * 50) + _box(b"moov", _box(b"mvhd", header) + extra)


def _header(scale: int, duration: int) -> bytes:
    return b"\0" * 12 + struct.pack(">II", scale, duration) + b"\0" * 80


def _long_header(scale: int, duration: int) -> bytes:
    return b"\1" + b"\0" * 19 + struct.pack(">IQ", scale, duration) + b"\0" * 80


@pytest.mark.parametrize(
    ("name", "milliseconds"),
    [
        ("10-memory/welcome", 24_008),
        ("10-memory/forgetting", 44_008),
        ("10-memory/retrieval", 33_008),
        ("20-focus/attention", 40_008),
        ("20-focus/plans", 35_008),
    ],
)
def test_real_video_tells_its_duration(example: Path, name: str, milliseconds: int) -> None:
    assert read_duration_ms(example / f"{name}.webm") == milliseconds


def test_webm_duration_in_its_own_time_scale(tmp_path: Path, make_webm: Callable[..., bytes]) -> None:
    (tmp_path / "a.webm").write_bytes(make_webm(83.25))

    assert read_duration_ms(tmp_path / "a.webm") == 83_250


@pytest.mark.parametrize("content", [_mp4(_header(600, 50_000)), _mp4(_long_header(90_000, 7_500_000))])
def test_mp4_duration_in_both_versions_of_the_header(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(content)

    assert read_duration_ms(tmp_path / "a.mp4") == 83_333


def test_fragmented_mp4_tells_its_duration_in_the_extends_box(tmp_path: Path) -> None:
    extends = _box(b"mvex", _box(b"mehd", struct.pack(">II", 0, 30_000)))
    (tmp_path / "a.mp4").write_bytes(_mp4(_header(1000, 0), extends))

    assert read_duration_ms(tmp_path / "a.mp4") == 30_000


def test_box_of_64_bit_size_is_understood(tmp_path: Path) -> None:
    wide = struct.pack(">I", 1) + b"mdat" + struct.pack(">Q", 16 + 40) + b"\0" * 40
    (tmp_path / "a.mp4").write_bytes(_box(b"ftyp", b"isom") + wide + _box(b"moov", _box(b"mvhd", _header(1000, 5000))))

    assert read_duration_ms(tmp_path / "a.mp4") == 5000


def test_mp4_without_a_duration_answers_none(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(_mp4(_header(1000, 0)))

    assert read_duration_ms(tmp_path / "a.mp4") is None


def test_other_container_answers_none(tmp_path: Path) -> None:
    (tmp_path / "a.ogv").write_bytes(b"OggS and so on")

    assert read_duration_ms(tmp_path / "a.ogv") is None


def test_file_that_is_not_what_its_ending_says_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.webm").write_bytes(_mp4(_header(1000, 5000)))

    with pytest.raises(NotAVideo):
        read_duration_ms(tmp_path / "a.webm")


@settings(max_examples=300, deadline=None)
@given(cut=st.integers(0, 130), noise=st.binary(max_size=60), at=st.integers(0, 120), mp4=st.booleans())
def test_broken_file_never_crashes_the_reader(
    tmp_path_factory: pytest.TempPathFactory, cut: int, noise: bytes, at: int, mp4: bool
) -> None:
    whole = (
        _mp4(_header(600, 50_000))
        if mp4
        else b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x95\x15\x49\xa9\x66\x90\x44\x89\x88" + b"@" * 8
    )
    path = tmp_path_factory.getbasetemp() / ("a.mp4" if mp4 else "a.webm")
    path.write_bytes(whole[:at] + noise + whole[at:][:cut])

    try:
        found = read_duration_ms(path)
    except NotAVideo:
        return
    assert found is None or found >= 0
