"""A program is killed at each line of what keeps and carries notices, one run for each line: nothing is lost, and nothing but the one
message that was on its way comes twice, under the same key.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from postcards import PostOffice

from studium.core.database import reading
from studium.plugins import notifications
from studium.plugins.notifications.entities import Delivery, Notification
from studium.services.notifications.channels import AddressRefused, ChannelDown
from tests.conftest import Clock
from tests.plugins.notifications.conftest import Killed, give, states

FOLDER = str(Path(notifications.__file__).parent)
RunJobs = Callable[[], int]


class Killer:
    """Kills at the line of this number, counted from the first one of the plugin that is run; a line that is run again counts once."""

    def __init__(self, number: int) -> None:
        self.left, self.seen, self.where = number, set[tuple[str, int]](), ""

    def __enter__(self) -> Killer:
        sys.settrace(self._look)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _look(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(FOLDER):
            return None
        place = (frame.f_code.co_filename, frame.f_lineno)
        if event == "line" and place not in self.seen:
            self.seen.add(place)
            self.left -= 1
            if self.left == 0:
                sys.settrace(None)
                self.where = f"{Path(place[0]).name}:{place[1]}"
                raise Killed
        return self._look


def killed_at(number: int, run: Callable[[], object]) -> str:
    """Where the run died, "" when it has fewer lines."""
    with Killer(number) as killer, suppress(Killed):
        run()
    return killer.where


def kept() -> tuple[int, int]:
    with reading():
        return Notification.select().count(), Delivery.select().count()


@pytest.mark.slow
@pytest.mark.parametrize("event", ["postcards.album_full", "postcards.rain"])
def test_a_notice_is_kept_whole_or_not_at_all(mia: int, event: str) -> None:
    lines = 0
    while where := killed_at(lines + 1, partial(give, mia, event, key=f"{lines}")):
        assert kept() == (lines, lines), where
        assert give(mia, event, key=f"{lines}") is True, where
        lines += 1
    assert lines > 40


@pytest.mark.slow
@pytest.mark.parametrize(("event", "trouble"), [
    ("postcards.album_full", None), ("postcards.album_full", ChannelDown("Strike.", retry_after=1)),
    ("postcards.album_full", AddressRefused("Moved.")), ("postcards.rain", None),
])
def test_what_is_carried_arrives_whatever_line_the_worker_dies_at(
        mia: int, post: PostOffice, noon: Clock, run_jobs: RunJobs, recover: Callable[[], None], event: str, trouble: Exception | None,
) -> None:
    lines = repeats = 0
    died = "first"
    while died:
        post.written.clear()
        post.trouble = [trouble] if trouble else []
        post.streets[mia] = f"Elm Street {lines}"  # or it would stay dead
        give(mia, event, key=f"{lines}", town="Riga")
        noon.advance(24 * 3600 if event == "postcards.rain" else 0)
        died = killed_at(lines + 1, run_jobs)
        for _ in range(3):
            recover()
            run_jobs()
        _check(mia, post, died, trouble)
        repeats += len(post.written) == 2
        lines += 1
    assert lines > 60
    assert (repeats > 0) is (trouble is None)
    with reading():
        told = Notification.select(lambda row: row.event == "channel_off").count()
    assert told == len([state for state, _ in states() if state == "dropped"])


def _check(mia: int, post: PostOffice, died: str, trouble: Exception | None) -> None:
    """One message, or twice the same; a refused address says so once, and gets nothing."""
    state, _ = states()[-1]
    assert "waiting" not in dict(states()), died
    assert "gathered" not in dict(states()), died
    if isinstance(trouble, AddressRefused) and not post.written:
        assert state == "dropped", died
    else:
        assert state == "sent", died
        assert len(post.written) in (1, 2), died
        assert len({message.key for message in post.written}) == 1, died

