"""The scripts of the site without a site: intervals, tracker, store, sender and cable, run in a real Chromium."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from studium.services.courses.catalogue import LessonInfo
from studium.services.progress import LessonProgress
from studium.web.pages.lesson import find_watched

pytestmark = pytest.mark.e2e

STATIC = Path(__file__).parents[2] / "web" / "static"
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class ScriptServer(ThreadingHTTPServer):
    """Serves web/static, an empty page, and an API whose answers the test chooses; keeps what was posted."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=str(STATIC)))
        self.posted: list[dict[str, Any]] = []
        self.refuse: dict[str, int] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(SimpleHTTPRequestHandler):
    server: ScriptServer

    def do_GET(self) -> None:
        if self.path == "/blank":
            self.answer(200, "<!doctype html><html lang=en><title>blank</title><p>blank", "text/html")
        elif self.path.startswith("/api/v1/session"):
            self.answer(200, json.dumps({"data": {"csrf_token": None}}))
        else:
            super().do_GET()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.posted.append(body)
        beats = body.get("beats", [])
        status = max((self.server.refuse.get(beat["sid"], 200) for beat in beats), default=200)
        progress = {"covered": 0.5, "position": 1, "completed": False, "missing": []}
        answers = [{"sid": beat["sid"], "seq": beat["seq"], "progress": progress} for beat in beats]
        self.answer(status, json.dumps({"data": answers} if status == 200 else {"status": status, "detail": "refused"}))

    def answer(self, status: int, text: str, kind: str = "application/json") -> None:
        raw = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:
        """Be quiet."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield started
        started.close()


@pytest.fixture
def server() -> Iterator[ScriptServer]:
    running = ScriptServer()
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def page(browser: Browser, server: ScriptServer) -> Iterator[Page]:
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(f"{server.url}/blank")
    yield opened
    context.close()


def run(page: Page, modules: str, body: str, argument: Any = None) -> Any:
    """Run `body` with the exports of the named modules in scope; `argument` is `given`."""
    imports = "".join(f"Object.assign(scope, await import('/js/{name}.js'));" for name in modules.split())
    script = (
        f"async (given) => {{ const scope = {{}}; {imports} const run = new Function('scope', 'given', "
        f"`with (scope) {{ return (async () => {{ ${{{json.dumps(body)}}} }})(); }}`); return run(scope, given); }}"
    )
    return page.evaluate(script, argument)


def test_interval_functions_agree_with_plain_sets_of_milliseconds(page: Page) -> None:
    differences = run(
        page,
        "segments",
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


def test_times_are_read_and_written(page: Page) -> None:
    found = run(
        page,
        "clock",
        "return given.map(parseMoment)",
        ["80", "80s", "1m20s", "1h2m3s", "1:20", "1:02:03", "2m", "0", "12.5"],
    )
    assert found == [80_000, 80_000, 80_000, 3_723_000, 80_000, 3_723_000, 120_000, 0, 12_500]
    assert run(page, "clock", "return given.map(parseMoment)", ["", "x", "-5", "1:99", "s", "1m x"]) == [None] * 6
    assert run(page, "clock", "return [clock(754999), clockUp(754001), clock(3723000), clock(0)]") == [
        "12:34",
        "12:35",
        "1:02:03",
        "0:00",
    ]


TRACKED = """
    const seen = [];
    const tracker = new WatchTracker({ duration: 100000, onWatched: (interval) => seen.push(interval) });
    for (const sample of given) tracker.sample({ playing: true, rate: 1, ...sample });
    return { seen: normalise(seen), played: tracker.played, hidden: tracker.hidden };
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
def test_tracker_counts_what_was_watched(page: Page, name: str, samples: list[Any], expected: list[list[int]]) -> None:
    given = [{"media": sample[0], "wall": sample[1], **(sample[2] if len(sample) > 2 else {})} for sample in samples]
    assert run(page, "watch-tracker segments", TRACKED, given)["seen"] == expected


def test_tracker_adds_up_wall_time_and_hidden_time(page: Page) -> None:
    given = [
        {"media": 0, "wall": 0, "rate": 2},
        {"media": 2000, "wall": 1000, "rate": 2, "hidden": True},
        {"media": 6000, "wall": 3000},
    ]
    found = run(page, "watch-tracker segments", TRACKED, given)
    assert (found["played"], found["hidden"]) == (3000, 2000)


def test_store_survives_a_reload_and_keeps_users_apart(page: Page) -> None:
    run(
        page,
        "beat-store",
        """
        const store = new BeatStore(7); store.own = "a";
        store.add("a", [[0, 1000]], { position: 1000, played: 1000, at: Date.now() - 5000 });
        store.add("a", [[1000, 2000]]);
    """,
    )
    page.reload()
    due, beat, others = run(
        page,
        "beat-store",
        "const store = new BeatStore(7); return [store.due(), store.beat('a'), new BeatStore(8).due()]",
    )
    assert due == ["a"]
    assert (beat["seq"], beat["segments"], beat["position"], beat["played"]) == (1, [[0, 2000]], 1000, 1000)
    assert 5000 <= beat["age"] < 60_000
    assert others == []


def test_acknowledgement_removes_exactly_what_was_sent(page: Page) -> None:
    left, due, stored = run(
        page,
        "beat-store",
        """
        const store = new BeatStore(7); store.own = "a";
        store.add("a", [[0, 5000]]);
        const beat = store.beat("a");
        store.add("a", [[5000, 6000]]);
        store.acknowledge(beat);
        const left = store.get("a").segments;
        store.acknowledge(store.beat("a"));
        return [left, store.due(), Object.keys(localStorage)];
    """,
    )
    assert left == [[5000, 6000]]
    assert due == []
    assert stored == []


def test_pause_during_a_flight_is_told_by_the_next_beat(page: Page) -> None:
    due = run(
        page,
        "beat-store",
        """
        const store = new BeatStore(7); store.own = "a";
        store.want("a"); const beat = store.beat("a");
        store.want("a"); store.acknowledge(beat);
        return store.isDue("a");
    """,
    )
    assert due is True


def test_seconds_before_the_session_are_moved_into_it(page: Page) -> None:
    found = run(
        page,
        "beat-store",
        """
        const store = new BeatStore(7), name = BeatStore.pendingName("rivers", "one"); store.own = name;
        store.add(name, [[0, 3000]]);
        const before = store.due();
        store.own = "real"; store.move(name, "real");
        return [before, store.due(), store.get("real").segments, store.get(name).segments];
    """,
    )
    assert found == [[], ["real"], [[0, 3000]], []]


def test_record_of_another_open_tab_is_left_to_it_until_it_is_old(page: Page) -> None:
    script = """
        const [mine, other] = [new BeatStore(7), new BeatStore(7, localStorage, "other")];
        other.own = "a";
        other.add("a", [[0, 1000]], { at: Date.now() });
        const fresh = mine.due();
        other.add("a", [], { at: Date.now() - 16000 });
        return [fresh, mine.due(), other.due()];
    """
    assert run(page, "beat-store", script) == [[], ["a"], ["a"]]


def test_unreadable_record_is_skipped_with_a_warning(page: Page) -> None:
    warnings: list[str] = []
    page.on("console", lambda message: warnings.append(message.text) if message.type == "warning" else None)
    due = run(
        page,
        "beat-store",
        """
        localStorage.setItem("studium:beats:7:broken", "{oops");
        const fine = { ...new BeatStore(7).get("fine"), segments: [[0, 1]] };
        localStorage.setItem("studium:beats:7:fine", JSON.stringify(fine));
        return new BeatStore(7).due();
    """,
    )
    assert due == ["fine"]
    assert any("broken" in warning for warning in warnings)


SENDER = """
    const store = new BeatStore(7), heard = [], refused = [];
    for (const sid of given.sids) store.add(sid, [[0, 1000]], { at: Date.now() });
    const cable = given.cable && Object.assign(new EventTarget(), { isOpen: true, request: ({ beat }) => {
      if (given.cable === "lost") return Promise.reject(Object.assign(new Error("timeout"), { code: "timeout" }));
      return Promise.resolve({ ack: 1, progress: { covered: 0.25 } });
    } });
    const sender = new BeatSender({ store, cable: cable || null, onProgress: (sid, p) => heard.push([sid, p.covered]),
      onRefused: (sid, record) => refused.push([sid, record.segments]) });
    await sender.flush();
    return { heard, refused, due: store.due() };
"""


def test_beats_go_over_the_socket_and_leave_the_store_when_acknowledged(page: Page, server: ScriptServer) -> None:
    found = run(page, "beat-store beats", SENDER, {"sids": ["a"], "cable": "open"})
    assert found == {"heard": [["a", 0.25]], "refused": [], "due": []}
    assert server.posted == []


@pytest.mark.parametrize("cable", ["lost", None])
def test_beats_fall_back_to_http(page: Page, server: ScriptServer, cable: str | None) -> None:
    found = run(page, "beat-store beats", SENDER, {"sids": ["a"], "cable": cable})
    assert found == {"heard": [["a", 0.5]], "refused": [], "due": []}
    assert [beat["sid"] for body in server.posted for beat in body["beats"]] == ["a"]


def test_refused_beat_is_dropped_alone(page: Page, server: ScriptServer) -> None:
    server.refuse = {"bad": 422}
    found = run(page, "beat-store beats", SENDER, {"sids": ["bad", "good"], "cable": None})
    assert found == {"heard": [["good", 0.5]], "refused": [["bad", [[0, 1000]]]], "due": []}


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_beat_is_kept_when_the_server_may_take_it_later(page: Page, server: ScriptServer, status: int) -> None:
    server.refuse = {"a": status}
    found = run(page, "beat-store beats", SENDER, {"sids": ["a"], "cable": None})
    assert found == {"heard": [], "refused": [], "due": ["a"]}


def test_beat_is_kept_while_offline_and_sent_afterwards(page: Page, server: ScriptServer) -> None:
    page.context.set_offline(True)
    page.context.set_offline(False)  # modules must be loaded first
    run(page, "beat-store beats", "")
    page.context.set_offline(True)
    assert run(
        page,
        "",
        "const [a, b] = await Promise.all([import('/js/beat-store.js'), import('/js/beats.js')]);"
        "window.store = new a.BeatStore(7); store.add('a', [[0, 1000]]);"
        "window.sender = new b.BeatSender({ store, cable: null }); await sender.flush(); return store.due()",
    ) == ["a"]
    page.context.set_offline(False)
    page.wait_for_function("store.due().length === 0", timeout=3000)
    assert server.posted[-1]["beats"][0]["segments"] == [[0, 1000]]


def test_beacon_carries_all_and_forgets_nothing(page: Page, server: ScriptServer) -> None:
    due = run(
        page,
        "beat-store beats",
        """
        const store = new BeatStore(7);
        for (const sid of ["a", "b"]) store.add(sid, [[0, 1000]]);
        new BeatSender({ store, cable: null }).beacon();
        await new Promise((resolve) => setTimeout(resolve, 300));
        return store.due();
    """,
    )
    assert sorted(due) == ["a", "b"]
    assert sorted(beat["sid"] for beat in server.posted[0]["beats"]) == ["a", "b"]


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
    cable.start();
    sockets[0].open();
"""


def test_cable_subscribes_after_the_last_id_and_delivers_once_in_order(page: Page) -> None:
    found = run(
        page,
        "cable",
        CABLE
        + """
        const news = (id) => sockets[0].say({ stream: "s", id, data: { type: "news", n: id } });
        for (const id of [5, 6, 7, 7, 6, 8]) news(id);
        sockets[0].say({ stream: "other", id: 99, data: { type: "news", n: 99 } });
        return [sockets[0].sent, heard];
    """,
    )
    assert found == [[{"subscribe": "s", "after": 5}], [6, 7, 8]]


def test_cable_comes_back_quickly_with_what_it_missed(page: Page) -> None:
    found = run(
        page,
        "cable",
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


def test_cable_waits_longer_each_time_but_comes_at_once_when_the_browser_is_online(page: Page) -> None:
    found = run(
        page,
        "cable",
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


def test_request_is_answered_by_its_own_acknowledgement(page: Page) -> None:
    found = run(
        page,
        "cable",
        CABLE
        + """
        const [one, two] = [cable.request({ beat: 1 }), cable.request({ beat: 2 })];
        sockets[0].say({ ack: 2, progress: "two" });
        sockets[0].say({ error: { code: "invalid", message: "no" }, id: 1 });
        return [(await two).progress, await one.catch((error) => error.code)];
    """,
    )
    assert found == ["two", "invalid"]


def test_silent_socket_is_given_up_and_replaced(page: Page) -> None:
    found = run(
        page,
        "cable",
        CABLE
        + """
        const code = await cable.request({ beat: 1 }, 100).catch((error) => error.code);
        await wait(800);
        return [code, sockets.length, await cable.request({ beat: 2 }).catch((error) => error.code)];
    """,
    )
    assert found == ["timeout", 2, "offline"]


def test_fragments_change_the_page_by_id(page: Page) -> None:
    html = run(
        page,
        "fragments",
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
    page: Page, duration: int, threshold: int, covered: int
) -> None:
    lesson = LessonInfo(1, "k", 1, "c", "l", "t", "m", 0, "video", "watch", threshold, duration, False, True, "rev")
    missing = ((covered, duration),) if covered < duration else ()
    expected = find_watched(lesson, LessonProgress(1, missing=missing)).needed_ms
    script = "return stillNeeded(given[2] ? [[0, given[2]]] : [], given[0], given[1])"
    assert run(page, "missing-parts", script, [duration, threshold, covered]) == expected
