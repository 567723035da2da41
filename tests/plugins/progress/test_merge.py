"""The reference cases of the merge rule, and the property that order and repetition change nothing."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studium.plugins.progress.intervals import clip, gaps, measure, union
from studium.plugins.progress.merge import Beat, Lesson, Rule, Session, apply, fold, is_complete, resume_at

DURATION = 600_000
RULE = Rule(DURATION, 90, "rev")
T0 = 1_700_000_000_000


@dataclass
class Player:
    """An honest player: it watches media time at a rate, and reports a beat every 5 s of wall time, as the browser's does."""

    key: str
    at: int = T0
    seq: int = 0
    played: int = 0
    started_at: int = field(init=False)
    sent: list[tuple[str, int, Beat, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.started_at = self.at

    def watch(self, start: int, end: int, rate: float = 1.0, state: str = "playing") -> None:
        position = start
        while position < end:
            reached = min(end, position + int(5000 * rate))
            wall = int((reached - position) / rate)
            self.at += wall
            self.played += wall
            self._send([(position, reached)], reached, state if reached == end else "playing")
            position = reached

    def _send(self, segments: list[tuple[int, int]], position: int, state: str) -> None:
        beat = Beat(self.seq, tuple(segments), position, state, 0, self.played, 0)
        self.sent.append((self.key, self.started_at, beat, self.at))
        self.seq += 1


def merged(sent: list[tuple[str, int, Beat, int]], rule: Rule = RULE) -> Lesson:
    sessions: dict[str, Session] = {}
    for key, started_at, beat, received_at in sent:
        session = sessions.get(key) or Session(key, rule.asset_rev, started_at)
        sessions[key] = apply(session, beat, received_at, rule.duration)
    return fold(sessions.values(), rule, False)


@pytest.mark.parametrize("rate", [1.0, 1.5, 2.0, 2.5, 0.5])
def test_a_clean_view_at_any_offered_speed_covers_everything(rate: float) -> None:
    player = Player("a")
    player.watch(0, DURATION, rate)
    assert merged(player.sent).covered == DURATION
    assert merged(player.sent).completed


def test_two_devices_on_different_halves_with_an_overlap_cover_everything() -> None:
    computer, phone = Player("a"), Player("b", at=T0 + 1000)
    computer.watch(0, 375_000)
    phone.watch(225_000, DURATION)
    both = sorted(computer.sent + phone.sent, key=lambda item: item[3])
    assert merged(both).covered == DURATION


def test_half_today_and_half_tomorrow_cover_everything() -> None:
    today, tomorrow = Player("a"), Player("b", at=T0 + 86_400_000)
    today.watch(0, 300_000)
    tomorrow.watch(300_000, DURATION)
    assert merged(today.sent + tomorrow.sent).covered == DURATION


def test_half_today_and_half_tomorrow_in_one_open_tab_cover_everything() -> None:
    player = Player("a")
    player.watch(0, 300_000)
    player.at += 86_400_000
    player.watch(300_000, DURATION)
    assert merged(player.sent).covered == DURATION


def test_the_first_half_watched_twice_is_half() -> None:
    player = Player("a")
    player.watch(0, 300_000)
    player.watch(0, 300_000)
    assert merged(player.sent).covered == DURATION // 2
    assert not merged(player.sent).completed


def test_thirty_seconds_then_a_seek_to_the_last_thirty_is_a_tenth() -> None:
    player = Player("a")
    player.watch(0, 30_000)
    player.watch(570_000, DURATION, state="ended")
    assert merged(player.sent).covered == DURATION // 10
    assert not merged(player.sent).completed


def test_one_forged_request_for_all_counts_nothing() -> None:
    forged = Beat(1, ((0, DURATION),), DURATION, "ended", 0, DURATION, 0)
    lesson = merged([("a", T0, forged, T0 + 1000)])
    assert lesson.covered == 0
    assert not lesson.completed


def test_a_quarantined_session_counts_by_itself_once_time_allows_it() -> None:
    forged = Beat(1, ((0, DURATION),), DURATION, "ended", 0, DURATION, 0)
    later = Beat(2, (), DURATION, "paused", 0, DURATION, 0)
    assert merged([("a", T0, forged, T0 + 1000), ("a", T0, later, T0 + DURATION)]).covered == DURATION


def test_coverage_of_another_video_does_not_count_but_completion_stays() -> None:
    player = Player("a")
    player.watch(0, DURATION)
    session = Session("a", "old", player.started_at)
    for _key, _start, beat, at in player.sent:
        session = apply(session, beat, at, DURATION)
    assert fold([session], RULE, True).covered == 0
    assert fold([session], RULE, True).completed
    assert not fold([session], RULE, False).completed


def test_the_position_is_that_of_the_last_event_not_of_the_last_arrival() -> None:
    phone, computer = Player("a"), Player("b", at=T0 + 60_000)
    phone.watch(0, 30_000)
    computer.watch(100_000, 120_000)
    late = phone.sent.pop()
    told_late = Beat(late[2].seq, late[2].segments, late[2].position, "paused", 600_000, 30_000, 0)
    arrived_late = (late[0], late[1], told_late, late[3] + 600_000)
    assert merged([*phone.sent, *computer.sent, arrived_late]).position == 120_000


def test_the_end_stores_the_start_as_position() -> None:
    player = Player("a")
    player.watch(0, DURATION, state="ended")
    assert merged(player.sent).position == 0


def random_trace(rng: random.Random, devices: int) -> list[tuple[str, int, Beat, int]]:
    sent: list[tuple[str, int, Beat, int]] = []
    for number in range(devices):
        player = Player(f"device-{number}", at=T0 + rng.randrange(0, 3_600_000))
        for _ in range(rng.randrange(1, 6)):
            start = rng.randrange(0, DURATION - 1000)
            end = min(DURATION, start + rng.randrange(1000, 200_000))
            player.watch(start, end, rng.choice([0.75, 1.0, 1.25, 1.5, 2.0]), rng.choice(["playing", "paused", "seeking"]))
            player.at += rng.randrange(0, 60_000)
        sent += player.sent
    return sent


@given(st.integers(0, 2**32), st.integers(1, 3))
@settings(max_examples=200, deadline=None)
def test_every_beat_doubled_and_all_shuffled_equals_the_clean_run(seed: int, devices: int) -> None:
    disturb(seed, devices)


@pytest.mark.slow
@given(st.integers(0, 2**32), st.integers(1, 3))
@settings(max_examples=2000, deadline=None)
def test_two_thousand_runs_doubled_and_shuffled_equal_the_clean_run(seed: int, devices: int) -> None:
    disturb(seed, devices)


def disturb(seed: int, devices: int) -> None:
    """A run whose beats all come twice and in any order ends as the clean one does."""
    rng = random.Random(seed)
    clean = random_trace(rng, devices)
    disturbed = clean * 2
    rng.shuffle(disturbed)
    assert merged(disturbed) == merged(clean)


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000))), st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000))))
def test_union_is_the_set_union_of_points(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> None:
    points = {point for start, end in a + b for point in range(start, end)}
    joined = union(a, b)
    assert {point for start, end in joined for point in range(start, end)} == points
    assert measure(joined) == len(points)
    assert all(first[1] < second[0] for first, second in pairwise(joined))
    assert measure(gaps(union(clip(joined, 0, 1000)), 1000)) == 1000 - len({p for p in points if p < 1000})


@pytest.mark.parametrize(("covered", "duration", "complete"), [
    (538_200, 600_000, True), (538_199, 600_000, False), (21_168, 24_000, True), (21_000, 24_000, False), (0, 0, False),
])
def test_ninety_percent_of_the_duration_less_its_tail_completes(covered: int, duration: int, complete: bool) -> None:
    assert is_complete(covered, Rule(duration, 90, "rev")) is complete


@pytest.mark.parametrize(("position", "idle", "resumes"), [
    (60_000, 1_000, 60_000), (60_000, 600_001, 57_000), (1_000, 700_000, 0), (590_001, 0, 0), (582_001, 0, 0), (582_000, 0, 582_000),
])
def test_watching_resumes_where_it_stopped(position: int, idle: int, resumes: int) -> None:
    assert resume_at(position, idle, DURATION) == resumes
