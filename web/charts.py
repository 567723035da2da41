"""Charts drawn on the server as SVG: bars on top of each other, and lines. Numbers and colours stay out of the drawing's way: the
page around it writes the axes as text and gives the same numbers as a table; classes and presentation attributes only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT = 600, 160
GAP = 0.18  # of a bar's place


@dataclass(frozen=True)
class Series:
    """One row of numbers over time; None where there is nothing to tell. `key` becomes the class "chart-<key>"."""

    key: str
    title: str
    values: tuple[float | None, ...]


def stacked_bars(name: str, title: str, about: str, series: Sequence[Series], top: float) -> Markup:
    """One bar a place, the series on top of each other in their order; `top` is the value at the upper edge."""
    count = len(series[0].values)
    floors = [0.0] * count
    drawn = [_opening(name, title, about), _grid()]
    for row in series:
        drawn.append(Markup('<path class="chart-bar chart-{}" d="{}"/>').format(row.key, _bars(row.values, floors, top)))
        floors = [floor + (value or 0) for floor, value in zip(floors, row.values, strict=True)]
    return Markup("").join([*drawn, Markup("</svg>")])


def lines(name: str, title: str, about: str, series: Sequence[Series], top: float) -> Markup:
    """One line a series, broken where a value is None; a value alone is a dot."""
    drawn = [_opening(name, title, about), _grid()]
    for row in series:
        mark = Markup('<path class="chart-line chart-{}" fill="none" vector-effect="non-scaling-stroke" d="{}"/>')
        drawn.append(mark.format(row.key, _line(row.values, top)))
    return Markup("").join([*drawn, Markup("</svg>")])


def nice_top(highest: float, steps: Sequence[float] = (1, 2, 5)) -> float:
    """The upper edge for values up to `highest`: a step times a power of ten (1, 2, 5, 10, 20, ...), at least the first step."""
    scale = 1.0
    while True:
        for step in steps:
            if highest <= step * scale:
                return step * scale
        scale *= 10


def nice_duration(highest_ms: float) -> float:
    """The upper edge for durations in ms: as `nice_top` below one second, then whole seconds, minutes and hours that people count in."""
    if highest_ms <= 1000:
        return nice_top(highest_ms)
    return next((edge for edge in DURATIONS if highest_ms <= edge), DURATIONS[-1] * nice_top(highest_ms / DURATIONS[-1]))


DURATIONS = tuple(
    unit * count
    for unit, counts in ((1000, (2, 5, 10, 20, 30)), (60_000, (1, 2, 5, 10, 20, 30)), (3_600_000, (1, 2, 6, 12, 24)))
    for count in counts
)


def _opening(name: str, title: str, about: str) -> Markup:
    return Markup(
        '<svg class="chart-drawing" viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img" '
        'aria-labelledby="{name}-title {name}-about"><title id="{name}-title">{title}</title><desc id="{name}-about">{about}</desc>'
    ).format(width=WIDTH, height=HEIGHT, name=name, title=title, about=about)


def _grid() -> Markup:
    rules = "".join(f"M0 {y}H{WIDTH}" for y in (0.5, HEIGHT / 2, HEIGHT - 0.5))
    return Markup('<path class="chart-grid" fill="none" vector-effect="non-scaling-stroke" d="{}"/>').format(rules)


def _bars(values: Sequence[float | None], floors: Sequence[float], top: float) -> str:
    place = WIDTH / len(values)
    left, width = place * GAP / 2, place * (1 - GAP)
    return "".join(
        f"M{_n(place * index + left)} {_n(_y(floor, top))}h{_n(width)}V{_n(_y(floor + value, top))}h{_n(-width)}z"
        for index, (value, floor) in enumerate(zip(values, floors, strict=True))
        if value
    )


def _line(values: Sequence[float | None], top: float) -> str:
    place = WIDTH / len(values)
    path = []
    for part in _unbroken(enumerate(values)):
        points = [f"{_n(place * (index + 0.5))} {_n(_y(value, top))}" for index, value in part]
        path.append("M" + "L".join(points) + ("h0" if len(points) == 1 else ""))
    return "".join(path)


def _unbroken(values: Iterable[tuple[int, float | None]]) -> list[list[tuple[int, float]]]:
    """The values in parts without a None."""
    parts: list[list[tuple[int, float]]] = [[]]
    for index, value in values:
        if value is not None:
            parts[-1].append((index, value))
        elif parts[-1]:
            parts.append([])
    return [part for part in parts if part]


def _y(value: float, top: float) -> float:
    return HEIGHT - HEIGHT * min(value, top) / top


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
