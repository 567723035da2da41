"""A small drawing board: shapes and words in the course's colours, drawn at twice the size and scaled down smoothly."""

from __future__ import annotations

import functools
import subprocess

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, SCALE = 640, 360, 2
PAPER, INK, MUTED, LINE = "#fbf7f0", "#22304a", "#6b7688", "#e6dece"
TEAL, CORAL, AMBER, SKY = "#1f8a8a", "#e4674b", "#f2b84b", "#c9e4e2"
Point = tuple[float, float]


class Canvas:
    """One frame; coordinates are those of the video, with (0, 0) at the top left."""

    def __init__(self, background: str = PAPER, scale: int = SCALE) -> None:
        """Begin an empty frame; `scale` is how many times larger it is drawn."""
        self.scale = scale
        self.image = Image.new("RGB", (WIDTH * scale, HEIGHT * scale), background)
        self.draw = ImageDraw.Draw(self.image)

    def text(
        self,
        at: Point,
        words: str,
        size: float,
        colour: str = INK,
        *,
        bold: bool = False,
        anchor: str = "la",
        shown: float = 1.0,
    ) -> None:
        """Write words; `shown` from 0 to 1 fades them in from the paper."""
        if shown > 0:
            self.draw.text(
                self._scaled(at),
                words,
                font=_font(round(size * self.scale), bold),
                fill=mix(PAPER, colour, shown),
                anchor=anchor,
            )

    def box(self, corner: Point, opposite: Point, colour: str, radius: float = 10, outline: str | None = None) -> None:
        """Fill a rounded rectangle."""
        if opposite[0] - corner[0] >= 1 and opposite[1] - corner[1] >= 1:
            radius = min(radius, (opposite[0] - corner[0]) / 2, (opposite[1] - corner[1]) / 2)
            self.draw.rounded_rectangle(
                (*self._scaled(corner), *self._scaled(opposite)), radius * self.scale, colour, outline, 2 * self.scale
            )

    def circle(
        self, centre: Point, radius: float, colour: str | None, outline: str | None = None, width: float = 2
    ) -> None:
        """Fill or outline a circle."""
        if radius > 0.5:
            x, y = centre
            box = (*self._scaled((x - radius, y - radius)), *self._scaled((x + radius, y + radius)))
            self.draw.ellipse(box, colour, outline, round(width * self.scale))

    def pie(self, centre: Point, radius: float, share: float, colour: str) -> None:
        """Fill the share (0 to 1) of a circle, clockwise from the top."""
        if share > 0:
            x, y = centre
            box = (*self._scaled((x - radius, y - radius)), *self._scaled((x + radius, y + radius)))
            self.draw.pieslice(box, -90, -90 + 360 * min(share, 1), colour)

    def line(self, points: list[Point], colour: str, width: float = 3) -> None:
        """Draw a line through the points with round ends."""
        if len(points) > 1:
            self.draw.line([self._scaled(point) for point in points], colour, round(width * self.scale), joint="curve")
            for end in (points[0], points[-1]):
                self.circle(end, width / 2, colour)

    def shape(self, points: list[Point], colour: str) -> None:
        """Fill the polygon between the points."""
        self.draw.polygon([self._scaled(point) for point in points], colour)

    def arrow(self, start: Point, end: Point, colour: str, width: float = 3) -> None:
        """Draw a level arrow."""
        self.line([start, (end[0] - 8, end[1])], colour, width)
        x, y = end
        self.shape([(x, y), (x - 12, y - 7), (x - 12, y + 7)], colour)

    def finish(self, size: int = 1) -> Image.Image:
        """Return the frame, `size` times as large as the video."""
        return self.image.resize((WIDTH * size, HEIGHT * size), Image.Resampling.BOX)

    def _scaled(self, point: Point) -> Point:
        return point[0] * self.scale, point[1] * self.scale


def mix(colour: str, other: str, share: float) -> str:
    """Return the colour `share` of the way (0 to 1) from one to the other."""
    share = max(0.0, min(1.0, share))
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + bytes(round(a + (b - a) * share) for a, b in pairs).hex()


def ease(share: float) -> float:
    """Return a share of time (any number) as a share of the way, starting and stopping softly."""
    share = max(0.0, min(1.0, share))
    return share * share * (3 - 2 * share)


@functools.cache
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    wanted = f"Noto Sans:{'bold' if bold else 'regular'}"
    found = subprocess.run(["fc-match", "-f", "%{file}", wanted], check=True, capture_output=True, text=True)
    return ImageFont.truetype(found.stdout, size)
