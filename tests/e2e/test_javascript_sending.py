"""Sending beats from a real Chromium: over the socket and HTTP, and what becomes of a beat that is not taken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.scripts import Refusal, Scripts, opened, problem
from tests.e2e.students import until

pytestmark = pytest.mark.e2e

PLACE = "const place = () => ({ position: 1000, at: Date.now() });"
SENDER = (
    PLACE
    + """
    const store = new BeatStore(7), heard = [], refused = [];
    store.lesson = "rivers/one"; store.own = "a";
    for (const sid of given.sids) store.add(sid, given.segments ?? [[0, 1000]], place());
    const answers = {
      open: () => Promise.resolve({ ack: 1, progress: { covered: 0.25 } }),
      lost: () => Promise.reject(Object.assign(new Error("timeout"), { code: "timeout" })),
      limit: () => Promise.reject(Object.assign(new Error("limit"), { code: "too-many" })),
    };
    const cable = given.cable ? Object.assign(new EventTarget(), { isOpen: true, request: answers[given.cable] }) : null;
    const onProgress = (sid, progress) => heard.push([sid, progress.covered]), onRefused = (sid) => refused.push(sid);
    const sender = new BeatSender({ store, cable, onProgress, onRefused });
    await sender.flush();
    """
)
RESULT = SENDER + "return { heard, refused, due: store.due() };"
HTML = Refusal(404, "text/html", {})
SOMEBODY_ELSES = Refusal(422, "application/problem+json", {"type": "about:blank", "errors": [{"field": "x"}]})


@pytest.fixture
def scripts(browser: Browser) -> Iterator[Scripts]:
    with opened(browser) as found:
        yield found


def test_beats_go_over_the_socket_and_leave_the_store_when_acknowledged(scripts: Scripts) -> None:
    found = scripts.run("beat-store beats", RESULT, {"sids": ["a"], "cable": "open"})
    assert found == {"heard": [["a", 0.25]], "refused": [], "due": []}
    assert scripts.server.posted == []


@pytest.mark.parametrize("cable", ["lost", None])
def test_beats_fall_back_to_http(scripts: Scripts, cable: str | None) -> None:
    found = scripts.run("beat-store beats", RESULT, {"sids": ["a"], "cable": cable})
    assert found == {"heard": [["a", 0.5]], "refused": [], "due": []}
    assert [beat["sid"] for beat in scripts.server.beats] == ["a"]


def test_session_that_does_not_count_yet_is_not_sent_in_a_loop(scripts: Scripts) -> None:
    scripts.server.missing = [[0, 90_000]]
    held = scripts.run("beat-store beats", SENDER + """
        await sender.flush(); await sender.flush();
        return store.get("a").held;
    """, {"sids": ["a"]})
    assert held == [[0, 1000]]
    assert len(scripts.server.beats) == 1


def test_more_parts_than_one_beat_takes_go_one_after_the_other(scripts: Scripts) -> None:
    parts = [[100 * i, 100 * i + 50] for i in range(1200)]
    found = scripts.run("beat-store beats", RESULT, {"sids": ["a"], "segments": parts})
    assert found["due"] == []
    assert [len(beat["segments"]) for beat in scripts.server.beats] == [500, 500, 200]
    assert [part for beat in scripts.server.beats for part in beat["segments"]] == parts


def test_refused_session_leaves_its_seconds_to_the_next_one_and_others_go_on(scripts: Scripts) -> None:
    scripts.server.refuse = {"a": problem(422, field="beats.0.sid")}
    found = scripts.run("beat-store beats", SENDER + """
        return [heard, refused, store.due(), store.get(BeatStore.pendingName("rivers", "one")).segments];
    """, {"sids": ["a", "good"]})
    assert found == [[["good", 0.5]], ["a"], [], [[0, 1000]]]


def test_beat_whose_content_is_wrong_is_dropped_alone(scripts: Scripts) -> None:
    warnings = scripts.warnings()
    scripts.server.refuse = {"a": problem(422, field="beats.0.segments.0")}
    found = scripts.run("beat-store beats", RESULT, {"sids": ["a", "good"]})
    assert found == {"heard": [["good", 0.5]], "refused": [], "due": []}
    assert any("dropped" in warning for warning in warnings)


@pytest.mark.parametrize("refusal", [problem(401), problem(403), problem(429), problem(500), problem(503), HTML, SOMEBODY_ELSES,
                                     Refusal(403, "text/html", {}), Refusal(413, "application/json", {"type": "urn:studium:problem:x"})],
                         ids=lambda refusal: f"{refusal.status}-{refusal.kind}")
def test_beat_is_kept_when_the_server_may_take_it_later_or_somebody_else_answers(scripts: Scripts, refusal: Refusal) -> None:
    scripts.server.refuse = {"a": refusal}
    found = scripts.run("beat-store beats", RESULT, {"sids": ["a"]})
    assert found == {"heard": [], "refused": [], "due": ["a"]}


def test_foreign_refusal_by_a_proxy_does_not_silence_a_session(scripts: Scripts) -> None:
    scripts.server.refuse = {"a": Refusal(403, "text/html", {})}
    scripts.run("beat-store beats", SENDER + "await sender.flush();", {"sids": ["a"]})
    assert len(scripts.server.beats) == 2


def test_beat_beyond_the_limit_is_dropped_when_the_socket_says_so(scripts: Scripts) -> None:
    warnings = scripts.warnings()
    found = scripts.run("beat-store beats", RESULT, {"sids": ["a"], "cable": "limit"})
    assert found == {"heard": [], "refused": [], "due": []}
    assert scripts.server.posted == []
    assert any("dropped" in warning for warning in warnings)


@pytest.mark.parametrize(("retry_after", "pause"), [("1", 1_000), (None, 30_000)])
def test_beat_beyond_the_limit_waits_when_http_says_so(scripts: Scripts, retry_after: str | None, pause: int) -> None:
    scripts.server.refuse = {"a": problem(429, "too-many", retry_after=retry_after)}
    pauses = scripts.run("beat-store beats", "const pauses = []; const real = window.setTimeout;"
                         "window.setTimeout = (run, ms) => { pauses.push(ms); return real(run, ms); };" + SENDER + """
        await sender.flush();
        return [pauses, store.due(), heard];
    """, {"sids": ["a", "good"]})
    assert pauses == [[pause], ["a"], [["good", 0.5]]]
    assert [beat["sid"] for beat in scripts.server.beats] == ["a", "good"]
    if retry_after:
        scripts.server.refuse = {}
        scripts.page.wait_for_function("localStorage.length === 0", timeout=5000)


def test_beat_is_kept_while_offline_and_sent_afterwards(scripts: Scripts) -> None:
    scripts.run("beat-store beats", "")  # modules must be loaded first
    scripts.page.context.set_offline(True)
    script = PLACE + """
        window.store = new BeatStore(7); store.add('a', [[0, 1000]], place());
        window.sender = new BeatSender({ store, cable: null }); await sender.flush(); return store.due();
    """
    assert scripts.run("beat-store beats", script) == ["a"]
    scripts.page.context.set_offline(False)
    scripts.page.wait_for_function("store.due().length === 0", timeout=3000)
    assert scripts.server.beats[-1]["segments"] == [[0, 1000]]


def test_beacon_carries_all_and_forgets_nothing(scripts: Scripts) -> None:
    script = PLACE + """
        const store = new BeatStore(7);
        for (const sid of ["a", "b"]) store.add(sid, [[0, 1000]], place());
        new BeatSender({ store, cable: null }).beacon();
        await new Promise((resolve) => setTimeout(resolve, 300));
        return store.due();
    """
    assert sorted(scripts.run("beat-store beats", script)) == ["a", "b"]
    until(lambda: scripts.server.posted, "the beacon arrives")
    assert sorted(beat["sid"] for beat in scripts.server.posted[0]["beats"]) == ["a", "b"]


def test_beacon_stays_within_what_a_browser_takes_and_this_page_goes_first(scripts: Scripts) -> None:
    script = PLACE + """
        const store = new BeatStore(7), parts = Array.from({ length: 500 }, (_, i) => [1000000 + i * 100, 1000000 + i * 100 + 50]);
        for (let i = 0; i < 9; i++) store.add("old" + i, parts, place());
        store.own = "own"; store.add("own", [[0, 1000]], place());
        new BeatSender({ store, cable: null }).beacon();
        await new Promise((resolve) => setTimeout(resolve, 300));
    """
    scripts.run("beat-store beats", script)
    until(lambda: scripts.server.posted, "the beacon arrives")
    [carried] = scripts.server.posted
    assert carried["beats"][0]["sid"] == "own"
    assert 2 <= len(carried["beats"]) < 10


def test_request_that_gets_no_answer_is_given_up(scripts: Scripts) -> None:
    script = """
        const asked = [], real = AbortSignal.timeout;
        AbortSignal.timeout = (ms) => { asked.push(ms); return real.call(AbortSignal, 100); };
        const hang = (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        window.fetch = (path, { signal }) => hang(signal);
    """ + SENDER + "return [asked, store.due(), refused];"
    assert scripts.run("beat-store beats", script, {"sids": ["a"]}) == [[15_000], ["a"], []]
