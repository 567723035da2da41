"""People choose for each event and channel; what they did not choose follows the event's default; the way out of a channel is complete."""

from __future__ import annotations

from typing import Any

import pytest
from postcards import ALBUM_FULL, FLOOD, RAIN, PostOffice

from studium.core.database import transaction
from studium.plugins.notifications import preferences, silencing, unsubscribing
from studium.plugins.notifications.entities import Preference
from studium.plugins.notifications.preferences import EVERYTHING, mode_of, table_of
from studium.services.notifications import registry, resume_channel
from studium.services.notifications.events import NotificationEvent
from studium.services.notifications.giving import stop_channel
from tests.plugins.notifications.conftest import count, give, person, states

EVENING = 18 * 60


def row_of(user_id: int, event: NotificationEvent, roles: tuple[str, ...] = ()) -> dict[str, str]:
    for _, rows in table_of(user_id, roles).groups:
        for row in rows:
            if row.event is event:
                return dict(row.modes)
    raise KeyError(event.code)


def choose(user_id: int, *chosen: tuple[NotificationEvent, str, Any], digest: int = EVENING, quiet: Any = None) -> None:
    preferences.keep(user_id, {(event.code, channel): mode for event, channel, mode in chosen}, digest, quiet)


def postcard(user_id: int) -> preferences.ChannelView:
    (found,) = [one for one in table_of(user_id).channels if one.code == "postcard"]
    return found


def test_without_a_choice_the_defaults_hold(mia: int) -> None:
    assert row_of(mia, ALBUM_FULL) == row_of(mia, ALBUM_FULL) | {"site": "now", "postcard": "now"}
    assert (row_of(mia, RAIN)["postcard"], row_of(mia, FLOOD)["postcard"]) == ("daily", "now")  # urgent: it waits for no digest
    table = table_of(mia)
    assert (table.digest_at, table.quiet) == (EVENING, None)
    assert [title for title, _ in table.groups].count("Postcards") == 1
    assert count(Preference) == 0


def test_a_choice_holds_for_its_person_event_and_channel_only(mia: int) -> None:
    choose(mia, (RAIN, "postcard", "off"), (ALBUM_FULL, "site", "off"), digest=60, quiet=(1320, 420))
    assert (row_of(mia, RAIN)["postcard"], row_of(mia, RAIN)["site"]) == ("off", "now")
    assert (row_of(mia, ALBUM_FULL)["postcard"], row_of(mia, ALBUM_FULL)["site"]) == ("now", "off")
    assert mode_of(mia, RAIN, "postcard") == "off"
    assert (table_of(mia).digest_at, table_of(mia).quiet) == (60, (1320, 420))
    assert row_of(person("Anna"), RAIN)["postcard"] == "daily"


def test_a_choice_can_be_changed_and_what_is_left_out_stays(mia: int) -> None:
    choose(mia, (RAIN, "postcard", "off"), (FLOOD, "postcard", "off"))
    choose(mia, (RAIN, "postcard", "daily"), quiet=(0, 60))
    assert (row_of(mia, RAIN)["postcard"], row_of(mia, FLOOD)["postcard"]) == ("daily", "off")
    choose(mia)
    assert table_of(mia).quiet is None


def test_what_is_chosen_as_the_default_has_it_needs_no_row(mia: int) -> None:
    choose(mia, *((event, "postcard", mode_of(mia, event, "postcard")) for event in registry.events().values()))
    assert count(Preference) == 0


@pytest.mark.parametrize(("wrong", "words"), [
    ({("nothing", "postcard"): "now"}, "no event 'nothing'"),
    ({("postcards.rain", "pigeon"): "now"}, "no channel 'pigeon'"),
    ({("postcards.rain", "postcard"): "weekly"}, "cannot be 'weekly'"),
    ({("postcards.rain", "site"): "daily"}, "cannot be 'daily'"),
    ({("postcards.flood", "postcard"): "daily"}, "cannot be 'daily'"),
])
def test_a_wrong_choice_is_named_and_nothing_is_kept(mia: int, wrong: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        preferences.keep(mia, {("postcards.rain", "postcard"): "off"} | wrong, 60, None)
    assert count(Preference) == 0
    assert table_of(mia).digest_at == EVENING


def test_events_for_certain_roles_are_shown_to_those_only(mia: int, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = NotificationEvent("postcards.stamps", "Stamps", "Postcards", "No stamps", roles=frozenset({"owner"}))
    monkeypatch.setitem(registry.events(), secret.code, secret)
    with pytest.raises(KeyError):
        row_of(mia, secret)
    assert row_of(mia, secret, ("student", "owner"))["site"] == "now"


def test_a_channel_that_is_not_set_up_has_no_column(mia: int, post: PostOffice) -> None:
    post.open = False
    assert "postcard" not in row_of(mia, RAIN)
    with pytest.raises(ValueError, match="no channel"):
        choose(mia, (RAIN, "postcard", "off"))


def test_who_is_not_connected_sees_the_way_there(in_app: None, post: PostOffice) -> None:
    found = postcard(person("Anna"))
    assert (found.address, found.silenced_reason, found.setup_path) == (None, None, "/account")


def test_unsubscribing_from_an_event_leaves_the_others(mia: int) -> None:
    preferences.unsubscribe(mia, "postcard", "postcards.flood")
    preferences.unsubscribe(mia, "postcard", "postcards.flood")
    assert [row_of(mia, event)["postcard"] for event in (FLOOD, RAIN, ALBUM_FULL)] == ["off", "daily", "now"]


def test_unsubscribing_from_everything_includes_urgent_events_and_those_to_come(mia: int, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(mia, (RAIN, "postcard", "now"))
    preferences.unsubscribe(mia, "postcard", None)
    new = NotificationEvent("postcards.stamps", "Stamps", "Postcards", "No stamps", defaults={"postcard": "now"}, urgent=True)
    monkeypatch.setitem(registry.events(), new.code, new)
    assert {row_of(mia, event)["postcard"] for event in (RAIN, FLOOD, ALBUM_FULL, new)} == {"off"}
    assert row_of(mia, RAIN)["site"] == "now"
    give(mia, "postcards.flood")
    assert states() == []


def test_who_wanted_only_what_is_urgent_and_wants_one_event_again_gets_that_one_too(mia: int) -> None:
    choose(mia, (FLOOD, "postcard", "off"))
    preferences.unsubscribe(mia, "postcard", None, urgent=False)
    assert row_of(mia, FLOOD)["postcard"] == "off", "an earlier choice stays"
    choose(mia, (FLOOD, "postcard", "now"), (RAIN, "postcard", "off"))
    choose(mia, (ALBUM_FULL, "postcard", "now"))
    assert [row_of(mia, event)["postcard"] for event in (ALBUM_FULL, RAIN, FLOOD)] == ["now", "off", "now"]


def test_who_wanted_nothing_and_wants_one_event_again_gets_that_one(mia: int) -> None:
    preferences.unsubscribe(mia, "postcard", None)
    choose(mia, (RAIN, "postcard", "off"), (FLOOD, "postcard", "off"))
    assert row_of(mia, ALBUM_FULL)["postcard"] == "off"
    choose(mia, (ALBUM_FULL, "postcard", "now"))
    assert [row_of(mia, event)["postcard"] for event in (ALBUM_FULL, RAIN, FLOOD)] == ["now", "off", "off"]
    with transaction():
        assert Preference.get(user_id=mia, event=EVERYTHING, channel="postcard") is None


@pytest.mark.parametrize("event", ["postcards.rain", None])
def test_the_word_in_an_unsubscribe_address_is_read_again(in_app: None, event: str | None) -> None:
    token = unsubscribing.token(7, "email", event)
    assert unsubscribing.read(token) == (7, "email", event)
    assert unsubscribing.unsubscribe_path(7, "email", event) == f"/notifications/unsubscribe/{token}"
    assert "/" not in token


def test_a_word_that_the_site_did_not_make_is_none(in_app: None) -> None:
    token = unsubscribing.token(7, "email", None)
    for wrong in ("", "x", token[:-1], f"{token[:5]}A{token[6:]}", f"{token}.", "W10.x"):
        assert unsubscribing.read(wrong) is None, wrong


def test_hook_channel_lost_switches_a_channel_off_and_says_so_once(mia: int) -> None:
    for _ in range(2):
        with transaction():
            stop_channel(mia, "postcard", "Elm Street 7", "bounced")
    assert postcard(mia).silenced_reason == "bounced"
    assert postcard(mia).since is not None
    assert count() == 1
    give(mia)
    assert states() == []


def test_a_channel_that_knows_of_the_death_itself_is_told_of_too(mia: int, post: PostOffice) -> None:
    del post.streets[mia]
    with transaction():
        stop_channel(mia, "postcard", "Elm Street 7", "bounced")
    assert count() == 1
    post.streets[mia] = "Elm Street 7"
    assert postcard(mia).silenced_reason == "bounced"


def test_hook_channel_restored_switches_it_on_and_the_next_death_is_told_again(mia: int) -> None:
    for _ in range(2):
        with transaction():
            stop_channel(mia, "postcard", "Elm Street 7", "blocked")
        with transaction():
            resume_channel(mia, "postcard")
            resume_channel(mia, "postcard")
        assert postcard(mia).silenced_reason is None
    assert count() == 2


def test_nobody_is_told_of_the_address_of_somebody_who_is_gone(in_app: None, post: PostOffice) -> None:
    silencing.silence(10**6, "postcard", "Elm Street 7", "gone")
    silencing.restore(10**6, "postcard")
    assert count() == 0
