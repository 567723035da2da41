"""The store of watched time in a real Chromium: what it keeps, what it says is due, and what leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.e2e.scripts import Scripts, opened

pytestmark = pytest.mark.e2e

STORE = """
    const store = new BeatStore(7); store.own = "a"; store.lesson = "rivers/one";
    const pending = BeatStore.pendingName("rivers", "one");
    const place = (position = 1000) => ({ position, state: "playing", rate: 1.5, at: Date.now() });
    const later = (ms) => { const before = Date.now; Date.now = () => before() + ms; };
"""


@pytest.fixture
def scripts(browser: Browser) -> Iterator[Scripts]:
    with opened(browser) as found:
        yield found


def store(scripts: Scripts, body: str, argument: Any = None) -> Any:
    """Run `body` with a store of user 7 whose own session is "a"."""
    return scripts.run("beat-store", STORE + body, argument)


def test_store_survives_a_reload_and_keeps_users_apart(scripts: Scripts) -> None:
    store(
        scripts,
        """
        store.add("a", [[0, 1000]], { position: 1000, played: 600, at: Date.now() - 5000 });
        store.add("a", [[1000, 2000]], { played: 400 });
    """,
    )
    scripts.page.reload()
    script = "const store = new BeatStore(7); return [store.due(), store.beat('a'), new BeatStore(8).due()]"
    due, beat, others = scripts.run("beat-store", script)
    assert due == ["a"]
    assert (beat["seq"], beat["segments"], beat["position"], beat["played"]) == (1, [[0, 2000]], 1000, 1000)
    assert 5000 <= beat["age"] < 60_000
    assert others == []


def test_acknowledgement_removes_exactly_what_was_sent(scripts: Scripts) -> None:
    left, due, stored = store(
        scripts,
        """
        store.add("a", [[0, 5000]], place());
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


def test_acknowledged_seconds_that_do_not_count_yet_are_held_and_sent_again_later(scripts: Scripts) -> None:
    found = store(
        scripts,
        """
        store.add("a", [[0, 5000]], place());
        store.acknowledge(store.beat("a"), [[2000, 90000]]);
        const atOnce = [store.isDue("a"), store.get("a").held];
        store.add("a", [[5000, 6000]]);
        const meanwhile = store.beat("a");
        store.acknowledge(meanwhile);
        later(5000);
        const again = store.isDue("a"), beat = store.beat("a");
        store.acknowledge(beat, [[6000, 90000]]);
        return [atOnce, meanwhile.segments, again, beat.segments, store.due(), Object.keys(localStorage)];
    """,
    )
    assert found == [[False, [[2000, 5000]]], [[5000, 6000]], True, [[2000, 5000]], [], []]


def test_held_seconds_wait_for_the_next_page(scripts: Scripts) -> None:
    store(
        scripts,
        """
        store.add("a", [[0, 5000]], place());
        store.acknowledge(store.beat("a"), [[0, 90000]]);
    """,
    )
    scripts.page.reload()
    script = """
        store.own = "next"; store.tidy();
        const before = store.due(); later(6000);
        return [before, store.due(), store.beat("a").segments];
    """
    assert store(scripts, script) == [[], ["a"], [[0, 5000]]]


def test_parts_after_the_last_of_two_hundred_listed_ones_are_not_held(scripts: Scripts) -> None:
    script = """
        const missing = Array.from({ length: 200 }, (_, i) => [i * 100, i * 100 + 50]);
        store.add("a", [[0, 50000]], place());
        store.acknowledge(store.beat("a"), missing);
        return [store.get("a").held.length, store.get("a").held.at(-1)];
    """
    assert store(scripts, script) == [200, [19900, 19950]]


def test_long_list_of_parts_goes_in_several_beats(scripts: Scripts) -> None:
    sizes, full, left = store(
        scripts,
        """
        const parts = Array.from({ length: 1200 }, (_, i) => [i * 100, i * 100 + 50]);
        const sizes = [], full = [];
        store.add("a", parts, place());
        while (store.isDue("a")) {
          const beat = store.beat("a");
          sizes.push(beat.segments.length); full.push(BeatStore.isFull(beat));
          store.acknowledge(beat);
        }
        return [sizes, full, store.get("a").segments];
    """,
    )
    assert (sizes, full, left) == ([500, 500, 200], [True, True, False], [])


def test_pause_during_a_flight_is_told_by_the_next_beat(scripts: Scripts) -> None:
    script = """
        store.add("a", [], place());
        store.want("a"); const beat = store.beat("a");
        store.want("a"); store.acknowledge(beat);
        return store.isDue("a");
    """
    assert store(scripts, script) is True


def test_seconds_before_the_session_are_moved_into_it_with_their_place_and_time(scripts: Scripts) -> None:
    before, due, beat, rest = store(
        scripts,
        """
        store.own = pending;
        store.add(pending, [[0, 3000]], { ...place(3000), at: Date.now() - 8000, played: 2000, hidden: 500 });
        const before = store.due();
        store.own = "real"; store.move(pending, "real");
        return [before, store.due(), store.beat("real"), store.get(pending).segments];
    """,
    )
    assert (before, due, rest) == ([], ["real"], [])
    assert 8000 <= beat.pop("age") < 60_000
    assert beat == {"sid": "real", "seq": 1, "segments": [[0, 3000]], "position": 3000, "state": "playing", "rate": 1.5,
                    "played": 2000, "hidden": 500}


def test_moved_record_keeps_the_newer_place_and_adds_only_time_that_the_server_does_not_know(scripts: Scripts) -> None:
    beat = store(
        scripts,
        """
        store.add("old", [[0, 5000]], { ...place(5000), played: 5000 });
        store.acknowledge(store.beat("old"), [[4000, 90000]]);
        store.add("old", [[5000, 6000]], { ...place(6000), at: Date.now() - 9000, played: 1000 });
        store.add("a", [[50000, 51000]], { ...place(51000), played: 300 });
        store.move("old", "a");
        return store.beat("a");
    """,
    )
    assert beat["segments"] == [[4000, 6000], [50000, 51000]]
    assert (beat["position"], beat["played"]) == (51000, 1300)


def test_record_without_a_place_is_not_sent_before_it_has_one(scripts: Scripts) -> None:
    script = """
        store.add("a", [[0, 1000]]);
        const before = store.isDue("a");
        store.tidy();
        store.add("a", [], place(1000));
        return [before, store.isDue("a"), store.beat("a").segments];
    """
    assert store(scripts, script) == [False, True, [[0, 1000]]]


def test_seconds_of_a_refused_session_wait_for_the_next_one_of_their_lesson(scripts: Scripts) -> None:
    script = """
        store.add("a", [[0, 1000]], place());
        store.add("nameless", [[0, 1000]], place());
        store.release("a"); store.release("nameless");
        return [store.due(), store.get(pending).segments, store.get("a").segments, store.get("nameless").segments];
    """
    assert store(scripts, script) == [[], [[0, 1000]], [], []]


@pytest.mark.parametrize(("days", "left"), [(6.9, 2), (7.1, 0)])
def test_records_are_given_up_after_a_week(scripts: Scripts, days: float, left: int) -> None:
    script = """
        store.add("replaced-video", [[0, 1000]], place());
        store.acknowledge(store.beat("replaced-video"), [[0, 90000]]);
        store.add(pending, [[0, 1000]], place());
        later(given * 24 * 3600 * 1000);
        const due = store.due().length;
        store.tidy();
        return [due, Object.keys(localStorage).length];
    """
    assert store(scripts, script, days) == [1 if left else 0, left]


def test_record_of_another_open_tab_is_left_to_it_until_it_is_old(scripts: Scripts) -> None:
    script = """
        const other = new BeatStore(7, localStorage, "other"); other.own = "b";
        other.add("b", [[0, 1000]], place());
        const fresh = store.due();
        other.add("b", [], { at: Date.now() - 16000 });
        return [fresh, store.due(), other.due()];
    """
    assert store(scripts, script) == [[], ["b"], ["b"]]


def test_unreadable_record_is_skipped_with_a_warning(scripts: Scripts) -> None:
    warnings = scripts.warnings()
    script = """
        localStorage.setItem("studium:beats:7:broken", "{oops");
        store.add("fine", [[0, 1]], place());
        return store.due();
    """
    assert store(scripts, script) == ["fine"]
    assert any("broken" in warning for warning in warnings)


def test_full_storage_leaves_the_memory_in_charge(scripts: Scripts) -> None:
    script = """
        Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
        store.add("a", [[0, 1000]], place());
        store.add("b", [[0, 1000]], place());
        return [store.due(), Object.keys(localStorage)];
    """
    assert store(scripts, script) == [["a", "b"], []]
