"""People get a copy of what they were told and chose, and nothing of it stays when they go."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from postcards import PostOffice

from studium.core.clock import now
from studium.core.database import execute, transaction
from studium.plugins.notifications import deletion, export, preferences, silencing
from studium.plugins.notifications.entities import Broadcast
from tests.conftest import Clock
from tests.plugins.notifications.conftest import give, person


def exported(user_id: int) -> dict[str, list[dict[str, object]]]:
    return {name: list(rows) for name, rows in export.export_user_data(user_id).items()}


def announce(user_id: int) -> None:
    with transaction():
        Broadcast(titles='{"en": "Hello"}', texts="{}", path="/", by_user_id=user_id, form_id="1", state="sent", reached=0, told=0,
                  created_at=now())


def test_the_copy_has_notices_deliveries_and_choices(
        mia: int, noon: Clock, post: PostOffice, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "ROWS_AT_ONCE", 2)
    preferences.keep(mia, {("postcards.flood", "postcard"): "off"}, 60, (1320, 420))
    for number in range(3):
        give(mia, key=f"{number}", album="Trees", number=number)
    give(mia, "postcards.rain", town="Riga")
    give(person("Anna"), album="Birds")
    noon.advance(24 * 3600)
    run_jobs()
    silencing.silence(mia, "postcard", "Elm Street 7", "gone")
    announce(mia)
    found = exported(mia)
    assert [row["values"] for row in found["notices"]][:2] == [{"album": "Trees", "number": 0}, {"album": "Trees", "number": 1}]
    assert len(found["notices"]) == 5  # with the one of the address
    assert [(row["channel"], row["state"], row["mode"]) for row in found["deliveries"]] == [
        ("postcard", "sent", "now")] * 3 + [("postcard", "sent", "daily")]
    assert [row["kind"] for row in found["bundles"]] == ["daily"]
    assert found["choices"] == [{"event": "postcards.flood", "channel": "postcard", "mode": "off"}]
    assert found["habits"] == [{"digest_at": 60, "quiet_from": 1320, "quiet_until": 420}]
    assert [(row["address"], row["reason"]) for row in found["switched_off"]] == [("Elm Street 7", "gone")]
    assert len(found["announcements"]) == 1
    assert "Birds" not in json.dumps(found, default=str)


def test_who_goes_leaves_nothing_and_the_others_keep_theirs(mia: int, run_jobs: Callable[[], int]) -> None:
    anna = person("Anna")
    for user_id in (mia, anna):
        preferences.keep(user_id, {("postcards.flood", "site"): "off"}, 60, (1320, 420))
        give(user_id)
    announce(mia)
    for _ in range(2):
        deletion.forget(mia)
    assert {name: rows for name, rows in exported(mia).items() if rows} == {}
    assert len(exported(anna)["notices"]) == 1
    with transaction():
        assert execute("SELECT by_user_id FROM notification_broadcast").fetchall() == [(None,)]
    run_jobs()
