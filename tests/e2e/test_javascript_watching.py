"""A watch session as a whole in a real Chromium: opening, moving what was watched before, and a session that is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.scripts import Refusal, Scripts, opened, problem

pytestmark = pytest.mark.e2e

SESSION = """
    const events = [], wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const until = async (check) => { while (!check()) await wait(20); };
    const session = window.session = new WatchSession({ user: 7, course: "rivers", lesson: "one", duration: 100000, cable: null });
    for (const name of ["opened", "progress", "refused"]) session.addEventListener(name, () => events.push(name));
    const play = (media, wall) => session.sample({ media, wall, rate: 1, playing: true, state: "playing" });
    const watched = () => session.store.get(session.name);
"""


@pytest.fixture
def scripts(browser: Browser) -> Iterator[Scripts]:
    with opened(browser) as found:
        yield found


def test_what_was_watched_before_the_session_keeps_its_place(scripts: Scripts) -> None:
    scripts.server.sids = ["real"]
    covered = scripts.run("watch-session", SESSION + """
        play(60000, 0); play(63000, 3000);
        session.open(); await until(() => events.includes("progress"));
        return session.covered;
    """)
    [beat] = scripts.server.beats
    assert (beat["sid"], beat["segments"], beat["position"], beat["state"]) == ("real", [[60_000, 63_000]], 63_000, "playing")
    assert beat["played"] == 3000
    assert covered == [[0, 100_000]]


def test_seconds_that_do_not_count_yet_stay_drawn_and_go_with_a_later_beat(scripts: Scripts) -> None:
    scripts.server.sids, scripts.server.missing = ["real"], [[0, 100_000]]
    covered = scripts.run("watch-session", SESSION + """
        play(60000, 0); play(63000, 3000);
        session.open(); await until(() => events.includes("progress"));
        const real = Date.now; Date.now = () => real() + 5000;
        play(64000, 4000); session.report(); await wait(200);
        return session.covered;
    """)
    assert covered == [[60_000, 64_000]]
    assert [beat["segments"] for beat in scripts.server.beats] == [[[60_000, 63_000]], [[60_000, 64_000]]]


def test_refused_session_is_replaced_and_loses_neither_seconds_nor_place(scripts: Scripts) -> None:
    scripts.server.sids = ["first", "second"]
    scripts.server.refuse = {"first": problem(422, field="beats.0.sid")}
    scripts.run("watch-session", SESSION + """
        session.open(); await until(() => session.sid === "first");
        play(60000, 0); play(63000, 3000); session.report();
        await until(() => events.includes("progress"));
    """)
    refused, taken = scripts.server.beats
    assert (refused["sid"], taken["sid"]) == ("first", "second")
    told = ("segments", "position", "state", "rate", "played", "hidden")
    assert [taken[name] for name in told] == [refused[name] for name in told] == [[[60_000, 63_000]], 63_000, "playing", 1, 3000, 0]


def test_refused_session_of_an_earlier_page_moves_into_the_present_one(scripts: Scripts) -> None:
    scripts.server.sids = ["old", "new"]
    scripts.server.refuse = {"old": Refusal(503)}
    scripts.run("watch-session", SESSION + """
        session.open(); await until(() => session.sid === "old");
        play(60000, 0); play(63000, 3000); session.report(); await wait(200);
    """)
    scripts.page.reload()
    scripts.server.refuse = {"old": problem(422, field="beats.0.sid")}
    scripts.server.posted.clear()
    scripts.run("watch-session", SESSION + "session.open(); await until(() => events.includes('progress'));")
    beat = scripts.server.beats[-1]
    assert (beat["sid"], beat["segments"], beat["position"], beat["played"]) == ("new", [[60_000, 63_000]], 63_000, 3000)
    assert scripts.page.evaluate("Object.keys(localStorage)") == []


@pytest.mark.parametrize(("answer", "told"), [(problem(404), ["refused"]), (Refusal(404, "text/html", {}), [])],
                         ids=["Studium", "a proxy"])
def test_only_studium_itself_can_say_that_a_lesson_is_closed(scripts: Scripts, answer: Refusal, told: list[str]) -> None:
    scripts.server.closed_door = answer
    assert scripts.run("watch-session", SESSION + "session.open(); await wait(400); return events;") == told
