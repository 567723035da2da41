"""What progress gives to the copy of a person's data."""

from __future__ import annotations

import pytest
from flask import Flask

from studium.core.database import transaction
from studium.plugins.progress import export
from studium.plugins.progress.entities import SessionRow

from .conftest import Person


def test_names_of_lessons_are_looked_up_once_however_many_sessions_there_are(
    app: Flask, anna: Person, lessons: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, find = [], export.find_lesson_by_id
    monkeypatch.setattr(export, "find_lesson_by_id", lambda lesson_id: asked.append(lesson_id) or find(lesson_id))
    with app.app_context():
        with transaction():
            for number in range(30):
                SessionRow(session_key=str(number), user_id=anna.id, lesson_id=lessons["water"], asset_rev="r", started_at=0, received_at=0,
                           segments="[]", played=0, hidden=0, seq=0, position=0, event_at=0, credited=True)
        rows = list(export.export_user_data(anna.id)["watch_sessions"])
    assert [row["lesson"] for row in rows] == ["Water"] * 30
    assert asked == [lessons["water"]]
