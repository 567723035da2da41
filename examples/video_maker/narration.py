"""Speaks sentences with espeak-ng, lays them out in time, and writes them down as WebVTT."""

from __future__ import annotations

import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

RATE = 22_050
LEAD_SECONDS, GAP_SECONDS, SCENE_GAP_SECONDS, TAIL_SECONDS = 0.6, 0.35, 0.7, 1.2
VOICE = ("-v", "en-gb-x-rp", "-s", "148", "-p", "42")


@dataclass(frozen=True)
class Sentence:
    """One sentence in both languages; `say` is how the English one is spoken when it is written with digits."""

    en: str
    ru: str
    say: str = ""


@dataclass(frozen=True)
class Spoken:
    """A sentence with its seconds in the video."""

    sentence: Sentence
    start: float
    end: float


@dataclass(frozen=True)
class Timeline:
    """All sentences, the (start, end) of each scene, and the whole length, in seconds."""

    spoken: list[Spoken]
    scenes: list[tuple[float, float]]
    length: float


def narrate(scenes: list[list[Sentence]], target: Path, length: float | None) -> Timeline:
    """Write the narration of all scenes to the WAV file `target`; silence fills it up to `length` seconds."""
    audio = bytearray(_silence(LEAD_SECONDS))
    spoken: list[Spoken] = []
    starts = []
    for number, scene in enumerate(scenes):
        audio += _silence(SCENE_GAP_SECONDS) if number else b""
        starts.append(_seconds(audio) - (SCENE_GAP_SECONDS / 2 if number else LEAD_SECONDS))
        for sentence in scene:
            start = _seconds(audio)
            audio += _speak(sentence.say or sentence.en, target.with_suffix(".part.wav"))
            spoken.append(Spoken(sentence, start, _seconds(audio)))
            audio += _silence(GAP_SECONDS)
    whole = length or round(_seconds(audio) + TAIL_SECONDS)
    if whole < _seconds(audio):
        raise SystemExit(f"{target.name}: the narration takes {_seconds(audio):.1f} s, more than {whole} s")
    audio += _silence(whole - _seconds(audio))
    _write_wave(target, bytes(audio))
    return Timeline(spoken, list(zip(starts, [*starts[1:], float(whole)], strict=True)), float(whole))


def write_captions(timeline: Timeline, language: str, target: Path) -> None:
    """Write the sentences as captions; each stays until shortly before the next one."""
    starts = [spoken.start for spoken in timeline.spoken]
    ends = [
        min(spoken.end + 0.3, following - 0.02)
        for spoken, following in zip(timeline.spoken, [*starts[1:], timeline.length], strict=True)
    ]
    cues = [
        f"{_stamp(spoken.start)} --> {_stamp(end)}\n{_two_lines(getattr(spoken.sentence, language))}\n"
        for spoken, end in zip(timeline.spoken, ends, strict=True)
    ]
    target.write_text("\n".join(["WEBVTT\n", *cues]), encoding="utf-8")


def _speak(text: str, part: Path) -> bytes:
    subprocess.run(["espeak-ng", *VOICE, "-w", str(part), text], check=True)
    with wave.open(str(part)) as recording:
        assert (recording.getframerate(), recording.getnchannels(), recording.getsampwidth()) == (RATE, 1, 2)
        frames = recording.readframes(recording.getnframes())
    part.unlink()
    return frames.rstrip(b"\0") + b"\0" * (len(frames.rstrip(b"\0")) % 2)


def _write_wave(target: Path, frames: bytes) -> None:
    with wave.open(str(target), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(frames)


def _silence(seconds: float) -> bytes:
    return b"\0\0" * round(seconds * RATE)


def _seconds(audio: bytes | bytearray) -> float:
    return len(audio) / 2 / RATE


def _stamp(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    return f"{milliseconds // 60_000:02}:{milliseconds // 1000 % 60:02}.{milliseconds % 1000:03}"


def _two_lines(text: str) -> str:
    """Break a long caption near its middle, so that both lines are short enough to read."""
    if len(text) <= 42:
        return text
    spaces = [index for index, letter in enumerate(text) if letter == " " and text[index + 1] != "—"]
    middle = min(spaces, key=lambda index: abs(index - len(text) / 2))
    return f"{text[:middle]}\n{text[middle + 1 :]}"
