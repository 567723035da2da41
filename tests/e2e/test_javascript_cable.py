"""The page's cable in a real Chromium with a socket that the test plays: order, reconnects, answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.scripts import Scripts, opened

pytestmark = pytest.mark.e2e


@pytest.fixture
def scripts(browser: Browser) -> Iterator[Scripts]:
    with opened(browser) as found:
        yield found


CABLE = """
    const sockets = [];
    class FakeSocket extends EventTarget {
      constructor() { super(); this.readyState = 0; this.sent = []; sockets.push(this); this.born = performance.now(); }
      send(text) { this.sent.push(JSON.parse(text)); }
      close() { this.readyState = 3; }
      open() { this.readyState = 1; this.onopen(); }
      say(frame) { this.onmessage({ data: JSON.stringify(frame) }); }
      die() { this.readyState = 3; this.onclose(); }
    }
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const cable = new Cable("ws://nowhere", { WebSocketClass: FakeSocket });
    const heard = [];
    document.addEventListener("studium:news", (event) => heard.push(event.detail.n));
    cable.subscribe("s", 5);
    const later = (ms) => { const before = performance.now.bind(performance); performance.now = () => before() + ms; };
    const nextPause = () => new Promise((resolve) => {
      const real = window.setTimeout;
      window.setTimeout = (run, ms) => { window.setTimeout = real; resolve(ms); return 0; };
      sockets.at(-1).die();
    });
    cable.start();
    sockets[0].open();
"""


def test_cable_subscribes_after_the_last_id_and_delivers_once_in_order(scripts: Scripts) -> None:
    found = scripts.run("cable",
        CABLE
        + """
        const news = (id) => sockets[0].say({ stream: "s", id, data: { type: "news", n: id } });
        for (const id of [5, 6, 7, 7, 6, 8]) news(id);
        sockets[0].say({ stream: "other", id: 99, data: { type: "news", n: 99 } });
        return [sockets[0].sent, heard];
    """,
    )
    assert found == [[{"subscribe": "s", "after": 5}], [6, 7, 8]]


def test_cable_comes_back_quickly_with_what_it_missed(scripts: Scripts) -> None:
    found = scripts.run("cable",
        CABLE
        + """
        sockets[0].say({ stream: "s", id: 9, data: { type: "news", n: 9 } });
        const started = performance.now();
        sockets[0].die();
        while (sockets.length < 2) await wait(20);
        const pause = performance.now() - started;
        sockets[1].open();
        return [pause, sockets[1].sent];
    """,
    )
    assert found[0] <= 1000
    assert found[1] == [{"subscribe": "s", "after": 9}]


def test_cable_waits_longer_each_time_but_comes_at_once_when_the_browser_is_online(scripts: Scripts) -> None:
    found = scripts.run("cable",
        CABLE
        + """
        sockets[0].die(); while (sockets.length < 2) await wait(20);
        sockets[1].die(); await wait(450); const afterSecond = sockets.length;
        while (sockets.length < 3) await wait(20);
        sockets[2].die(); dispatchEvent(new Event("online"));
        return [afterSecond, sockets.length];
    """,
    )
    assert found == [2, 4]


def test_request_is_answered_by_its_own_acknowledgement(scripts: Scripts) -> None:
    found = scripts.run("cable",
        CABLE
        + """
        const [one, two] = [cable.request({ beat: 1 }), cable.request({ beat: 2 })];
        sockets[0].say({ ack: 2, progress: "two" });
        sockets[0].say({ error: { code: "invalid", message: "no" }, id: 1 });
        return [(await two).progress, await one.catch((error) => error.code)];
    """,
    )
    assert found == ["two", "invalid"]


def test_silent_socket_is_given_up_and_replaced(scripts: Scripts) -> None:
    found = scripts.run("cable",
        CABLE
        + """
        const code = await cable.request({ beat: 1 }, 100).catch((error) => error.code);
        await wait(800);
        return [code, sockets.length, await cable.request({ beat: 2 }).catch((error) => error.code)];
    """,
    )
    assert found == ["timeout", 2, "offline"]


def test_socket_that_is_closed_right_after_it_opened_is_not_called_again_and_again(scripts: Scripts) -> None:
    pauses = scripts.run(
        "cable",
        CABLE
        + """
        const pauses = [];
        for (let i = 0; i < 6; i++) {
          pauses.push(await nextPause());
          dispatchEvent(new Event("online"));
          sockets.at(-1).open();
        }
        return pauses;
    """,
    )
    assert pauses[0] <= 600
    assert [pause >= least for pause, least in zip(pauses[1:], [500, 1000, 2000, 4000, 5000], strict=True)] == [True] * 5


def test_socket_that_was_open_for_long_is_called_again_at_once(scripts: Scripts) -> None:
    pauses = scripts.run(
        "cable",
        CABLE
        + """
        const pauses = [];
        for (const open of [0, 0, 9000, 10000]) {
          later(open);
          pauses.push(await nextPause());
          dispatchEvent(new Event("online"));
          sockets.at(-1).open();
        }
        return pauses;
    """,
    )
    assert pauses[0] <= 600
    assert pauses[2] >= 1000, "9 s are not enough"
    assert pauses[3] <= 600


def test_answer_may_take_as_long_as_the_server_waits_for_its_database(scripts: Scripts) -> None:
    waited = scripts.run(
        "cable",
        CABLE
        + """
        const asked = [], real = window.setTimeout;
        window.setTimeout = (run, ms) => { asked.push(ms); return real(run, ms); };
        cable.request({ beat: 1 }).catch(() => {});
        return asked;
    """,
    )
    assert waited == [8000]


def test_stopped_cable_stays_closed(scripts: Scripts) -> None:
    opened_again = scripts.run(
        "cable",
        CABLE
        + """
        cable.stop();
        for (const event of [new Event("online"), new PageTransitionEvent("pageshow", { persisted: true })]) dispatchEvent(event);
        return sockets.length;
    """,
    )
    assert opened_again == 1
