"""Makes the videos, captions, posters and cover of the example course: `python -m video_maker [name ...]` in examples/.

Needs ffmpeg (with libvpx and libopus), espeak-ng, the Noto Sans font and the Python package Pillow. The result is the
same on every run with the same versions of these.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from .canvas import AMBER, CORAL, HEIGHT, INK, LINE, SKY, TEAL, WIDTH, Canvas
from .narration import Timeline, narrate, write_captions
from .scenes import draw_heading
from .scripts import SCRIPTS, Script

COURSE = Path(__file__).resolve().parent.parent / "learn-how-to-learn"
FRAMES_PER_SECOND = 15
KEYFRAME_SECONDS = 2


def main(names: list[str]) -> None:
    """Make everything, or only the videos of these names."""
    for script in SCRIPTS:
        if not names or Path(script.path).name in names:
            make_video(script)
    if not names or "cover" in names:
        make_cover(COURSE / "assets" / "cover.jpg")


def make_video(script: Script) -> None:
    """Write <path>.webm, <path>.en.vtt, <path>.ru.vtt and <path>.jpg of one script."""
    target = COURSE / script.path
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        audio = Path(folder) / "narration.wav"
        timeline = narrate([said for _, said in script.parts], audio, script.length)
        encode(script, timeline, audio, target.with_suffix(".webm"))
    for language in ("en", "ru"):
        write_captions(timeline, language, target.with_suffix(f".{language}.vtt"))
    draw_frame(script, timeline, script.poster_at).save(target.with_suffix(".jpg"), quality=82, optimize=True)
    size = target.with_suffix(".webm").stat().st_size
    scenes = ", ".join(f"{start:.1f}" for start, _ in timeline.scenes)
    print(f"{script.path}: {timeline.length:.0f} s, {size / 1000:.0f} kB, scenes at {scenes}")


def encode(script: Script, timeline: Timeline, audio: Path, target: Path) -> None:
    """Encode VP9 and Opus with a keyframe every two seconds, so that seeking is exact, and without dates or names."""
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-y",
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-s",
        f"{WIDTH}x{HEIGHT}",
        "-r",
        str(FRAMES_PER_SECOND),
        "-i",
        "-",
        "-i",
        str(audio),
        "-map_metadata",
        "-1",
        "-fflags",
        "+bitexact",
        "-flags:v",
        "+bitexact",
        "-flags:a",
        "+bitexact",
        "-c:v",
        "libvpx-vp9",
        "-pix_fmt",
        "yuv420p",
        "-crf",
        "36",
        "-b:v",
        "0",
        "-deadline",
        "good",
        "-cpu-used",
        "4",
        "-row-mt",
        "0",
        "-threads",
        "1",
        "-g",
        str(FRAMES_PER_SECOND * KEYFRAME_SECONDS),
        "-af",
        "highpass=f=80,lowpass=f=7500,volume=0.9",
        "-c:a",
        "libopus",
        "-b:a",
        "28k",
        "-ac",
        "1",
        "-ar",
        "48000",
        "-cues_to_front",
        "1",
        "-t",
        f"{timeline.length:.3f}",
        str(target),
    ]
    encoder = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert encoder.stdin is not None
    for frame in frames(script, timeline):
        encoder.stdin.write(frame.tobytes())
    encoder.stdin.close()
    if encoder.wait():
        raise SystemExit(f"{target.name}: ffmpeg failed")


def frames(script: Script, timeline: Timeline) -> Iterator[Image.Image]:
    """Yield every frame of a video."""
    for number in range(round(timeline.length * FRAMES_PER_SECOND)):
        yield draw_frame(script, timeline, number / FRAMES_PER_SECOND)


def draw_frame(script: Script, timeline: Timeline, at: float) -> Image.Image:
    """Draw the moment `at` (seconds): the scene, and along the bottom how far the video is."""
    canvas = Canvas()
    number = max(index for index, (start, _) in enumerate(timeline.scenes) if start <= at or index == 0)
    start, end = timeline.scenes[number]
    scene = script.parts[number][0]
    draw_heading(canvas, scene.heading, at - start)
    scene.draw(canvas, at - start, end - start)
    canvas.box((40, 344), (600, 348), LINE, 2)
    canvas.box((40, 344), (40 + 560 * at / timeline.length, 348), TEAL, 2)
    for scene_start, _ in timeline.scenes[1:]:
        x = 40 + 560 * scene_start / timeline.length
        canvas.circle((x, 346), 5, TEAL if at >= scene_start else LINE)
    return canvas.finish()


def make_cover(target: Path) -> None:
    """Draw the cover of the course: memories that fade, are lifted up by reviews, and fade more slowly each time."""
    canvas = Canvas(INK, scale=4)
    days, halvings = (0.0, 1.4, 3.9, 7.6, 12.0), (0.9, 2.4, 6.0, 14.0)
    for number, colour in enumerate((CORAL, AMBER, TEAL, SKY)):
        start, end, top = days[number], days[number + 1], 236 - 52 * number
        moments = [start + (end - start) * step / 60 for step in range(61)]
        path = [(60 + day * 44, top + 90 * (1 - 0.5 ** ((day - start) / halvings[number]))) for day in moments]
        canvas.box((path[0][0] - 1.5, path[0][1]), (path[0][0] + 1.5, 316), "#2f4163", 1)
        canvas.line(path, colour, 5)
        canvas.circle(path[0], 13 + 3 * number, colour)
    canvas.line([(44, 316), (596, 316)], "#50628a", 3)
    target.parent.mkdir(parents=True, exist_ok=True)
    canvas.finish(2).save(target, quality=86, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
