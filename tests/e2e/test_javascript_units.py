"""The site's pure scripts in a real Chromium: intervals, times, tracker, fragments, what is still needed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from studium.services.courses.catalogue import LessonInfo
from studium.services.progress import LessonProgress
from studium.web.pages.lesson import find_watched
from tests.e2e.scripts import Scripts, opened

pytestmark = pytest.mark.e2e


@pytest.fixture
def scripts(browser: Browser) -> Iterator[Scripts]:
    with opened(browser) as found:
        yield found


def test_interval_functions_agree_with_plain_sets_of_milliseconds(scripts: Scripts) -> None:
    differences = scripts.run("segments",
        """
        const random = (n) => Math.floor(Math.random() * n);
        const interval = () => { const a = random(60); return [a, a + random(20) - 3]; };
        const list = () => Array.from({ length: random(6) }, interval);
        const range = ([a, b]) => Array.from({ length: Math.max(0, b - a) }, (_, i) => a + i);
        const points = (l) => new Set(l.flatMap(range));
        const same = (l, s) => { const p = points(l); return p.size === s.size && [...p].every((x) => s.has(x)); };
        const tidy = (l) => l.every(([a, b], i) => a < b && (i === 0 || l[i - 1][1] < a));
        const wrong = [];
        for (let i = 0; i < 3000; i++) {
          const [x, y] = [list(), list()], [px, py] = [points(x), points(y)];
          const results = {
            union: [union(x, y), new Set([...px, ...py])],
            subtract: [subtract(x, y), new Set([...px].filter((p) => !py.has(p)))],
            clip: [clip(x, 10, 50), new Set([...px].filter((p) => p >= 10 && p < 50))],
            complement: [complement(x, 70), new Set([...Array(70).keys()].filter((p) => !px.has(p)))],
          };
          for (const [name, [found, wanted]] of Object.entries(results)) {
            if (!same(found, wanted) || !tidy(found) || measure(found) !== wanted.size) wrong.push([name, x, y, found]);
          }
        }
        return wrong.slice(0, 3);
    """,
    )
    assert differences == []


def test_times_are_read_and_written(scripts: Scripts) -> None:
    found = scripts.run("clock",
        "return given.map(parseMoment)",
        ["80", "80s", "1m20s", "1h2m3s", "1:20", "1:02:03", "2m", "0", "12.5"],
    )
    assert found == [80_000, 80_000, 80_000, 3_723_000, 80_000, 3_723_000, 120_000, 0, 12_500]
    assert scripts.run("clock", "return given.map(parseMoment)", ["", "x", "-5", "1:99", "s", "1m x"]) == [None] * 6
    assert scripts.run("clock", "return [clock(754999), clockUp(754001), clock(3723000), clock(0)]") == [
        "12:34",
        "12:35",
        "1:02:03",
        "0:00",
    ]


TRACKED = """
    const seen = [];
    const tracker = new WatchTracker({ duration: 100000 });
    for (const sample of given) seen.push(tracker.sample({ playing: true, rate: 1, ...sample }));
    return { seen: normalise(seen.filter(Boolean)), played: tracker.played, hidden: tracker.hidden };
"""


@pytest.mark.parametrize(
    ("name", "samples", "expected"),
    [
        ("plain playing", [(0, 0), (250, 250), (5000, 5000)], [[0, 5000]]),
        ("double speed", [(0, 0, {"rate": 2}), (8000, 4000, {"rate": 2})], [[0, 8000]]),
        (
            "a jump forward is not watched",
            [(0, 0), (1000, 1000), (50000, 1250), (51000, 2250)],
            [[0, 1000], [50000, 51000]],
        ),
        (
            "a jump back is not watched",
            [(50000, 0), (51000, 1000), (2000, 1250), (3000, 2250)],
            [[2000, 3000], [50000, 51000]],
        ),
        ("while seeking nothing counts", [(0, 0), (500, 500, {"seeking": True}), (900, 900)], []),
        ("buffering stands still", [(0, 0), (1000, 1000), (1000, 9000), (2000, 10000)], [[0, 2000]]),
        ("a pause stands still", [(0, 0), (1000, 1000, {"playing": False}), (1000, 60000), (2000, 61000)], [[0, 2000]]),
        ("late timers of a hidden tab count", [(0, 0), (60000, 60000)], [[0, 60000]]),
        ("the end is cut at the server's duration", [(99000, 0), (100400, 1400)], [[99000, 100000]]),
        (
            "the old speed rules the interval before a change",
            [(0, 0, {"rate": 2.5}), (10000, 4000, {"rate": 0.5})],
            [[0, 10000]],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_tracker_counts_what_was_watched(scripts: Scripts, name: str, samples: list[Any], expected: list[list[int]]) -> None:
    given = [{"media": sample[0], "wall": sample[1], **(sample[2] if len(sample) > 2 else {})} for sample in samples]
    assert scripts.run("watch-tracker segments", TRACKED, given)["seen"] == expected


def test_tracker_adds_up_wall_time_and_hidden_time(scripts: Scripts) -> None:
    given = [
        {"media": 0, "wall": 0, "rate": 2},
        {"media": 2000, "wall": 1000, "rate": 2, "hidden": True},
        {"media": 6000, "wall": 3000},
    ]
    found = scripts.run("watch-tracker segments", TRACKED, given)
    assert (found["played"], found["hidden"]) == (3000, 2000)


def test_fragments_change_the_page_by_id(scripts: Scripts) -> None:
    html = scripts.run("fragments",
        """
        document.body.innerHTML = "<ul id=list><li id=one>1</li></ul>";
        applyFragment({ action: "append", target: "list", html: "<li id=two>2</li>" });
        applyFragment({ action: "prepend", target: "list", html: "<li>0</li>" });
        applyFragment({ action: "replace", target: "one", html: "<li id=one>I</li>" });
        applyFragment({ action: "remove", target: "two" });
        const nowhere = applyFragment({ action: "append", target: "none", html: "x" });
        const unknown = applyFragment({ action: "eval", target: "one" });
        return [document.body.innerHTML, [nowhere, unknown]];
    """,
    )
    assert html == ['<ul id="list"><li>0</li><li id="one">I</li></ul>', [False, False]]


@pytest.mark.parametrize(
    ("duration", "threshold", "covered"),
    [(600_000, 90, 0), (24_008, 90, 11_000), (44_008, 80, 34_000), (999, 100, 10), (33_333, 67, 33_333)],
)
def test_what_is_still_needed_is_the_same_in_page_and_script(
    scripts: Scripts, duration: int, threshold: int, covered: int
) -> None:
    lesson = LessonInfo(1, "k", 1, "c", "l", "t", "m", 0, "video", "watch", threshold, duration, False, True, "rev")
    missing = ((covered, duration),) if covered < duration else ()
    expected = find_watched(lesson, LessonProgress(1, missing=missing)).needed_ms
    script = "return stillNeeded(given[2] ? [[0, given[2]]] : [], given[0], given[1])"
    assert scripts.run("missing-parts", script, [duration, threshold, covered]) == expected
