"""Charts as SVG: where things are drawn, and that texts in them are texts."""

from __future__ import annotations

import re

import pytest

from studium.web.charts import HEIGHT, WIDTH, Series, lines, nice_duration, nice_top, stacked_bars


def test_bars_stand_on_each_other() -> None:
    drawn = stacked_bars("c", "t", "a", [Series("low", "Low", (1.0, 0.0)), Series("high", "High", (1.0, 2.0))], 2)
    low, high = re.findall(r'class="chart-bar chart-\w+" d="([^"]*)"', drawn)
    place, bar = WIDTH / 2, WIDTH / 2 * 0.82
    assert low == f"M27 {HEIGHT}h{bar:g}V{HEIGHT / 2:g}h-{bar:g}z"
    assert high == f"M27 {HEIGHT / 2:g}h{bar:g}V0h-{bar:g}zM{place + 27:g} {HEIGHT}h{bar:g}V0h-{bar:g}z"


def test_a_line_breaks_where_nothing_is_known() -> None:
    drawn = lines("c", "t", "a", [Series("one", "One", (0.0, 10.0, None, 5.0, None))], 10)
    assert f'd="M60 {HEIGHT}L180 0M420 {HEIGHT / 2:g}h0"' in drawn


def test_texts_cannot_become_markup() -> None:
    drawn = stacked_bars("c", "<b>", '"><script>', [Series('"x', "t", (1.0,))], 1)
    assert "<b>" not in drawn
    assert "<script>" not in drawn
    assert 'chart-"x' not in drawn
    assert 'role="img" aria-labelledby="c-title c-about"><title id="c-title">' in drawn


@pytest.mark.parametrize(("highest", "top"), [(0, 1), (1, 1), (1.1, 2), (3, 5), (6, 10), (11, 20), (499, 500), (1001, 2000)])
def test_the_upper_edge_is_a_round_number(highest: float, top: float) -> None:
    assert nice_top(highest) == top


@pytest.mark.parametrize(
    ("highest", "top"),
    [(0, 1), (3, 5), (999, 1000), (1001, 2000), (25_000, 30_000), (31_000, 60_000), (3_000_000, 3_600_000), (10**9, 1_728_000_000)],
)
def test_the_upper_edge_of_durations_is_one_that_people_count_in(highest: float, top: float) -> None:
    assert nice_duration(highest) == top
