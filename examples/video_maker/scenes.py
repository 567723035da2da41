"""The animated slides. A scene is drawn for a moment `t` (seconds since it began) of its `length` in seconds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from .canvas import AMBER, CORAL, INK, LINE, MUTED, PAPER, SKY, TEAL, WIDTH, Canvas, Point, ease, mix

Draw = Callable[[Canvas, float, float], None]
Words = tuple[str, str]  # English, Russian


@dataclass(frozen=True)
class Scene:
    """A heading in both languages and what moves below it."""

    heading: Words
    draw: Draw


def draw_heading(canvas: Canvas, heading: Words, t: float) -> None:
    """Write the heading of a slide: English large, Russian below it."""
    shown = ease(t / 0.5)
    canvas.text((40, 34), heading[0], 25, bold=True, shown=shown)
    canvas.text((40, 68), heading[1], 15, MUTED, shown=shown)


def title(heading: Words) -> Scene:
    """Open a video: the heading in the middle, three rings that breathe."""

    def draw(canvas: Canvas, t: float, _length: float) -> None:
        for number, colour in enumerate((AMBER, CORAL, TEAL)):
            grown = ease((t - number * 0.25) / 0.9)
            radius = (58 - number * 16) * grown * (1 + 0.05 * math.sin(t * 1.6 + number))
            canvas.circle((WIDTH / 2, 112), radius, colour)
        canvas.text((WIDTH / 2, 196), heading[0], 31, bold=True, anchor="ma", shown=ease((t - 0.3) / 0.6))
        canvas.text((WIDTH / 2, 242), heading[1], 18, MUTED, anchor="ma", shown=ease((t - 0.6) / 0.6))

    return Scene(("", ""), draw)


def bars(heading: Words, rows: list[tuple[Words, int, str]], unit: str = " %") -> Scene:
    """Compare numbers from 0 to 100 by growing bars."""

    def draw(canvas: Canvas, t: float, _length: float) -> None:
        for number, (label, value, colour) in enumerate(rows):
            y = 140 + number * 78
            grown = ease((t - 0.4 - number * 0.7) / 1.2)
            canvas.text((40, y - 23), f"{label[0]} · {label[1]}", 15, shown=ease((t - number * 0.7) / 0.5))
            canvas.box((40, y), (560, y + 30), LINE)
            canvas.box((40, y), (40 + 520 * value / 100 * grown, y + 30), colour)
            if unit and grown > 0:
                canvas.text((570, y + 15), f"{round(value * grown)}{unit}", 16, colour, bold=True, anchor="lm")

    return Scene(heading, draw)


def curve(heading: Words, reviews: tuple[float, ...], axis: Words) -> Scene:
    """Draw how memory fades with time; each review lifts it up, and after it memory fades more slowly."""

    def strength(day: float) -> float:
        last, halving = 0.0, 1.3
        for review in reviews:
            if day >= review:
                last, halving = review, halving * 2.3
        return 0.14 + 0.86 * 0.5 ** ((day - last) / halving)

    def place(day: float) -> Point:
        return 70 + day * 50, 276 - strength(day) * 160

    def draw(canvas: Canvas, t: float, length: float) -> None:
        canvas.line([(70, 108), (70, 280), (600, 280)], INK, 2)
        canvas.text((600, 288), f"{axis[0]} · {axis[1]}", 13, MUTED, anchor="ra")
        reached = 10.4 * ease((t - 0.4) / max(length * 0.65, 1))
        steps = [number * reached / 160 for number in range(161)]
        canvas.line([place(day) for day in steps], TEAL if reviews else CORAL, 4)
        for review in reviews:
            if reached >= review:
                canvas.line([(70 + review * 50, 116), (70 + review * 50, 280)], mix(PAPER, AMBER, 0.55), 2)
                canvas.circle((70 + review * 50, 116), 7, AMBER)
        canvas.circle(place(reached), 7, INK)

    return Scene(heading, draw)


def steps(heading: Words, rows: list[Words]) -> Scene:
    """Show numbered steps one after the other."""

    def draw(canvas: Canvas, t: float, length: float) -> None:
        pause = max((length - 2.5) / len(rows), 0.8)
        for number, (english, russian) in enumerate(rows):
            shown = ease((t - 0.3 - number * pause) / 0.6)
            y = 118 + number * 62
            canvas.circle((62, y + 18), 21 * shown, (TEAL, CORAL, AMBER)[number % 3])
            canvas.text(
                (62, y + 18),
                str(number + 1),
                18,
                INK if number % 3 == 2 else PAPER,
                bold=True,
                anchor="mm",
                shown=1 if shown > 0.9 else 0,
            )
            canvas.text((100 + 14 * (1 - shown), y - 3), english, 19, shown=shown)
            canvas.text((100 + 14 * (1 - shown), y + 22), russian, 14, MUTED, shown=shown)

    return Scene(heading, draw)


def days(heading: Words, marked: list[tuple[int, Words]], last: int) -> Scene:
    """Walk along a line of days; the marked ones are study days."""

    def draw(canvas: Canvas, t: float, length: float) -> None:
        left, right, y = 60, 580, 190
        walked = ease((t - 0.3) / max(length * 0.6, 1)) * last
        canvas.line([(left, y), (right, y)], LINE, 6)
        canvas.line([(left, y), (left + (right - left) * walked / last, y)], SKY, 6)
        for day in range(last + 1):
            canvas.circle((left + (right - left) * day / last, y), 3, MUTED)
        for number, (day, words) in enumerate(marked):
            x, shown = (
                left + (right - left) * day / last,
                ease((walked - day) * 3 / last * 2 + 0.1) if walked >= day else 0.0,
            )
            canvas.circle((x, y), 15 * shown, (TEAL, CORAL, AMBER, TEAL)[number % 4])
            canvas.text((x, y - 42), words[0], 15, anchor="ma", bold=True, shown=shown)
            canvas.text((x, y + 26), words[1], 14, MUTED, anchor="ma", shown=shown)

    return Scene(heading, draw)


def lanes(heading: Words, names: tuple[Words, Words], lost: Words) -> Scene:
    """Two tasks taken in turns; between the turns some time is lost."""

    def draw(canvas: Canvas, t: float, length: float) -> None:
        rows, reached = (140, 220), 100 + 480 * ease((t - 0.4) / max(length * 0.7, 1))
        for y, words in zip(rows, names, strict=True):
            canvas.box((40, y), (600, y + 46), LINE)
            canvas.text((40, y - 21), f"{words[0]} · {words[1]}", 13, MUTED, shown=ease(t / 0.5))
        for turn in range(6):
            start, y = 48 + turn * 92, rows[turn % 2]
            canvas.box((start, y + 6), (min(start + 62, reached), y + 40), (TEAL, AMBER)[turn % 2], 7)
            canvas.box((start + 66, y + 14), (min(start + 88, reached), y + 32), mix(PAPER, CORAL, 0.75), 5)
        canvas.box((40, 282), (58, 294), mix(PAPER, CORAL, 0.75), 4)
        canvas.text((66, 280), f"{lost[0]} · {lost[1]}", 13, MUTED, shown=ease((t - 0.6) / 0.5))

    return Scene(heading, draw)


def clock(heading: Words, work: tuple[int, Words], rest: tuple[int, Words]) -> Scene:
    """A clock face that fills with minutes of work, then of rest."""

    def draw(canvas: Canvas, t: float, length: float) -> None:
        minutes, centre = (work[0] + rest[0]) * ease((t - 0.3) / max(length * 0.75, 1)), (170.0, 202.0)
        whole = work[0] + rest[0]
        canvas.circle(centre, 92, LINE)
        canvas.pie(centre, 92, minutes / whole, AMBER)
        canvas.pie(centre, 92, min(minutes, work[0]) / whole, TEAL)
        canvas.circle(centre, 62, PAPER)
        resting = minutes > work[0]
        canvas.text(
            centre,
            f"{round(minutes - work[0] if resting else minutes)}",
            34,
            AMBER if resting else TEAL,
            bold=True,
            anchor="mm",
        )
        for number, (amount, words, colour) in enumerate(((*work, TEAL), (*rest, AMBER))):
            y = 150 + number * 62
            canvas.box((320, y), (346, y + 40), colour if minutes > number * work[0] else LINE, 6)
            canvas.text((362, y - 4), f"{amount} min  {words[0]}", 19)
            canvas.text((362, y + 21), words[1], 14, MUTED)

    return Scene(heading, draw)


def cards(heading: Words, condition: Words, action: Words) -> Scene:
    """Two cards joined by an arrow: if this, then that."""

    def draw(canvas: Canvas, t: float, length: float) -> None:
        shown = [ease((t - 0.4) / 0.6), ease((t - length * 0.45) / 0.6)]
        for number, (word, words, colour) in enumerate((("if · если", condition, TEAL), ("then · то", action, CORAL))):
            x = 40 + number * 300
            if shown[number] > 0:
                y = 126 + 16 * (1 - shown[number])
                canvas.box((x, y), (x + 260, y + 128), mix(PAPER, colour, 0.14 * shown[number]), 14)
                canvas.box((x, y), (x + 8, y + 128), mix(PAPER, colour, shown[number]), 4)
                canvas.text((x + 24, y + 14), word, 15, colour, bold=True, shown=shown[number])
                canvas.text((x + 24, y + 46), words[0], 18, shown=shown[number])
                canvas.text((x + 24, y + 84), words[1], 14, MUTED, shown=shown[number])
        if shown[1] > 0.2:
            canvas.arrow((304, 190), (336, 190), INK)

    return Scene(heading, draw)


def beam(heading: Words, things: list[Words]) -> Scene:
    """A beam of light that rests on one thing at a time."""

    def draw(canvas: Canvas, t: float, length: float) -> None:
        at = (t / max(length, 1)) * len(things) - 0.15
        focus = max(0.0, min(len(things) - 1.0, math.floor(max(at, 0)) - 1 + ease((max(at, 0) % 1) * 3)))
        x = 130 + focus * 190
        canvas.shape([(x - 10, 100), (x + 10, 100), (x + 88, 292), (x - 88, 292)], mix(PAPER, AMBER, 0.4))
        for number, words in enumerate(things):
            near = max(0.0, 1 - abs(focus - number))
            centre = 130 + number * 190
            canvas.circle((centre, 204), 34 + 4 * near, mix(LINE, TEAL, near))
            canvas.text((centre, 254), words[0], 16, mix(MUTED, INK, near), bold=True, anchor="ma")
            canvas.text((centre, 276), words[1], 13, MUTED, anchor="ma")

    return Scene(heading, draw)
