"""A notice is kept with what it tells of, once, with the deliveries that the person wants."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from postcards import ALBUM_FULL, FLOOD, RAIN, PostOffice

from studium.core.clock import now
from studium.core.database import query, reading, transaction
from studium.core.errors import StudiumError
from studium.plugins.notifications import preferences
from studium.plugins.notifications.entities import Delivery, Notification
from studium.plugins.notifications.keeping import when_due
from studium.services import cable
from studium.services.notifications import NewNotice, give_notice, registry
from studium.services.notifications.values import Moment, Title
from tests.conftest import Clock
from tests.plugins.notifications.conftest import count, give, person, states


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Mapping[str, Any]]]:
    """What open pages hear, by stream."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    monkeypatch.setattr(cable, "publish", lambda stream, payload, collapse=None: found.append((stream, payload["data"])))
    return found


def test_hook_keep_notice_keeps_one_of_each_person_event_and_key(mia: int) -> None:
    assert give(mia, key="album 7") is True
    assert give(mia, key="album 7") is False
    assert give(mia, key=" album 7 ") is False
    assert give(mia, key="album 8") is True
    assert give(person("Anna"), key="album 7") is True
    assert give(mia, "postcards.flood", key="album 7") is True
    assert count() == 4
    assert count(Delivery) == 3


def test_hook_register_notification_events_has_those_of_other_plugins(in_app: None) -> None:
    assert registry.events()["postcards.album_full"] is ALBUM_FULL
    assert "lesson_completed" in registry.events()


def test_hook_register_notification_channels_has_those_that_are_set_up(in_app: None, post: PostOffice) -> None:
    assert registry.channels()["postcard"].title == "Postcard"
    post.open = False
    assert "postcard" not in registry.channels()
    assert "postcard" in registry.all_channels()


def test_a_notice_goes_with_its_transaction(mia: int) -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        give_notice(NewNotice(mia, "postcards.album_full", "1"))
        _ = 1 / 0
    assert (count(), count(Delivery)) == (0, 0)
    with reading():
        assert query("SELECT COUNT(*) FROM job")[0][0] == 0


def test_a_notice_outside_of_a_transaction_is_refused(mia: int) -> None:
    with pytest.raises(StudiumError, match="needs an open transaction"):
        give_notice(NewNotice(mia, "postcards.album_full", "1"))


@pytest.mark.parametrize(("wrong", "words"), [
    ({"event": "postcards.album_ful"}, "No plugin declares the notification event 'postcards.album_ful'"),
    ({"key": "  "}, "1 to 200 characters, not 0"),
    ({"key": "x" * 201}, "1 to 200 characters, not 201"),
    ({"path": "//elsewhere.example"}, "a path of this site"),
    ({"path": "/\t/elsewhere.example"}, "a path of this site"),
    ({"path": "https://elsewhere.example"}, "a path of this site"),
    ({"path": ""}, "a path of this site"),
    ({"path": "/" + "x" * 300}, "at most 300 characters"),
    ({"values": {"album": 1.5}}, "The value album of a notice is 1.5"),
])
def test_what_cannot_be_a_notice_is_refused_in_words(mia: int, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(StudiumError, match=words), transaction():
        give_notice(NewNotice(**{"user_id": mia, "event": "postcards.album_full", "key": "1"} | wrong))


def test_somebody_without_an_account_gets_no_notice(mia: int) -> None:
    assert give(10**6) is False
    assert count() == 0


def test_the_values_keep_their_kinds(mia: int) -> None:
    moment = datetime(2025, 6, 2, 12)
    give(mia, album=Title({"en": "Trees", "ru": "Деревья"}), number=3, day=Moment(moment))
    with reading():
        details = Notification.select().first().details
    assert "Деревья" in details
    assert '"number": 3' in details


def test_open_pages_hear_of_it_with_the_number_of_unread_ones(mia: int, told: list[Any]) -> None:
    give(mia)
    give(mia, key="2")
    give(mia, key="2")
    with reading():
        first, second = (row.id for row in Notification.select().order_by(Notification.id))
    assert told == [
        (f"user:{mia}", {"type": "notification", "id": first, "unread": 1}),
        (f"user:{mia}", {"type": "notification", "id": second, "unread": 2}),
    ]


def test_what_is_off_in_the_bell_is_not_shown_there_but_carried(mia: int, told: list[Any]) -> None:
    preferences.keep(mia, {("postcards.album_full", "site"): "off"}, 1080, None)
    assert give(mia) is True
    assert give(mia) is False
    with reading():
        assert [row.shown for row in Notification.select()] == [False]
    assert told == []
    assert states() == [("waiting", "")]


def test_a_channel_without_an_address_gets_no_delivery(mia: int, post: PostOffice) -> None:
    give(person("Anna"))
    post.open = False
    give(mia)
    assert count() == 2
    assert states() == []


def test_a_channel_that_the_person_switched_off_gets_no_delivery(mia: int) -> None:
    preferences.unsubscribe(mia, "postcard", "postcards.album_full")
    give(mia)
    give(mia, "postcards.flood")
    assert len(states()) == 1


def test_a_channel_that_cannot_say_who_is_there_gets_its_delivery(mia: int, monkeypatch: pytest.MonkeyPatch, log_lines: list[Any]) -> None:
    def broken(_: object) -> None:
        raise KeyError("street")

    monkeypatch.setattr(registry.channels()["postcard"], "addresses_of", broken)
    assert give(mia) is True
    assert states() == [("waiting", "")]
    assert [line["channel"] for line in log_lines if line["event"] == "channel_address_not_known"] == ["postcard"]


def test_a_channel_that_is_closed_while_a_notice_is_kept_breaks_nothing(
        mia: int, post: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([True])
    monkeypatch.setattr(registry.channels()["postcard"], "is_available", lambda: next(answers, False))
    assert give(mia) is True
    assert states() == [("waiting", "")]


NIGHT, EVENING = (22 * 60, 7 * 60), 18 * 60
WHEN = [
    # event, mode, hour of the notice (UTC), zone, digest, quiet: mode and hours until it is due
    (ALBUM_FULL, "now", 12, "UTC", EVENING, None, ("now", 0)),
    (ALBUM_FULL, "now", 12, "UTC", EVENING, NIGHT, ("now", 0)),
    (ALBUM_FULL, "now", 23, "UTC", EVENING, NIGHT, ("quiet", 8)),
    (ALBUM_FULL, "now", 21, "Europe/Berlin", EVENING, NIGHT, ("quiet", 8)),
    (RAIN, "daily", 12, "UTC", EVENING, NIGHT, ("daily", 6)),
    (RAIN, "daily", 18, "UTC", EVENING, NIGHT, ("daily", 24)),
    (RAIN, "daily", 12, "UTC", 23 * 60, NIGHT, ("daily", 19)),
    (FLOOD, "daily", 12, "UTC", EVENING, NIGHT, ("now", 0)),
    (FLOOD, "now", 23, "UTC", EVENING, NIGHT, ("now", 0)),
]


@pytest.mark.parametrize(("event", "mode", "hour", "zone", "digest", "quiet", "due"), WHEN)
def test_a_notice_is_due_at_once_after_quiet_hours_or_with_the_digest(
        event: Any, mode: Any, hour: int, zone: str, digest: int, quiet: Any, due: tuple[str, int]) -> None:
    moment = datetime(2025, 6, 2, hour)
    found = when_due(event, mode, preferences.habits.Habits(digest, quiet), zone, moment)
    assert found == (due[0], moment + timedelta(hours=due[1]))


def test_the_zone_of_the_person_counts(noon: Clock, in_app: None, post: PostOffice) -> None:
    tokyo = person("Aiko", time_zone="Asia/Tokyo")  # 21:00 there
    post.streets[tokyo] = "Ginza 1"
    preferences.keep(tokyo, {}, 8 * 60, (20 * 60, 6 * 60))
    give(tokyo)
    give(tokyo, "postcards.rain")
    with reading():
        found = [(row.mode, row.due_at) for row in Delivery.select().order_by(Delivery.id)]
    assert found == [("quiet", datetime(2025, 6, 2, 21)), ("daily", datetime(2025, 6, 2, 23))]
    assert now() == datetime(2025, 6, 2, 12)
    assert date(2025, 6, 2) == datetime.fromtimestamp(noon.seconds, UTC).date()
