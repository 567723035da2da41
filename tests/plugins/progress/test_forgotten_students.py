"""Whoever deleted their account is not written down again by a beat that comes late."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from studium.core.errors import NotFound
from studium.plugins.progress import reading
from studium.plugins.progress.deletion import forget
from studium.services.courses.catalogue import find_lesson_by_id
from tests.cable_process import CableProcess, Person
from tests.plugins.progress.conftest import beat, lesson_row, post_beats, send_beats, stored


@pytest.fixture
def watched(app: Flask, lessons: dict[str, int], anna: Person, boris: Person, ticket: Callable[..., str]) -> tuple[str, str]:
    """The sids of Anna and Boris, who both watched a part."""
    sids = ticket(anna, lessons["water"]), ticket(boris, lessons["water"])
    for person, sid in zip((anna, boris), sids, strict=True):
        assert post_beats(person.client, beat(sid, 0, (0, 5_000))).status_code == 200
    return sids


def test_forgetting_removes_the_persons_rows_and_nobody_elses(
    app: Flask, lessons: dict[str, int], watched: tuple[str, str], anna: Person, boris: Person
) -> None:
    with app.app_context():
        forget(anna.id)
        forget(anna.id)
    assert lesson_row(app, anna, lessons["water"]) == {}
    assert lesson_row(app, boris, lessons["water"])["covered"] == 5_000
    assert len(stored(app)[1]) == 1


def test_a_beat_that_comes_late_over_http_is_refused(app: Flask, watched: tuple[str, str], anna: Person) -> None:
    with app.app_context():
        forget(anna.id)
    before = stored(app)
    for client in (anna.client, app.test_client()):
        answer = post_beats(client, beat(watched[0], 1, (0, 9_000)))
        assert (answer.status_code, "deleted" in answer.get_json()["detail"]) == (422, True)
    assert stored(app) == before


@pytest.mark.slow
def test_a_beat_that_comes_late_over_the_socket_is_refused_and_the_other_students_are_taken(
    app: Flask, cable: CableProcess, lessons: dict[str, int], watched: tuple[str, str], anna: Person, boris: Person
) -> None:
    hers, his = cable.open(anna.token), cable.open(boris.token)
    with app.app_context():
        forget(anna.id)
    (answer,) = send_beats(hers, [beat(watched[0], 1, (0, 9_000))])
    assert answer["error"]["code"] == "gone"
    (taken,) = send_beats(his, [beat(watched[1], 1, (0, 9_000))])
    assert "ack" in taken
    assert lesson_row(app, anna, lessons["water"]) == {}


def test_a_text_is_not_completed_for_somebody_who_is_gone(app: Flask, lessons: dict[str, int], anna: Person) -> None:
    with app.app_context():
        forget(anna.id)
        info = find_lesson_by_id(lessons["poem"])
        assert info is not None
        with pytest.raises(NotFound):
            reading.complete(anna.id, info)
    assert stored(app)[0] == []
