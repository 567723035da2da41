"""The channel and the event of docs/tutorial-channel.md do what the page says."""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests
import responses

from studium.core.app import load
from studium.core.database import reading
from studium.plugins.notifications.entities import Notification
from studium.services.notifications import registry
from studium.services.notifications.channels import AddressRefused, ChannelDown, Message, MessageRefused, NoticeText

PAGE = Path(__file__).parents[3] / "docs/tutorial-channel.md"
PAGER, EVENT = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
NOTICES = tuple(NoticeText("e", subject, "", "", "https://x.example/courses", datetime(2025, 6, 2)) for subject in ("Rain", "Flood"))
MESSAGE = Message(
    "bundle:7", 7, "0451 1234", "Mia", "en", "UTC", "2 notices", "Since yesterday:", NOTICES, "https://x.example/account", "https://x.example/u")


def module(monkeypatch: pytest.MonkeyPatch, code: str) -> ModuleType:
    made = ModuleType("studium_pager")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    exec(compile(code, str(PAGE), "exec"), made.__dict__)
    return made


@pytest.fixture
def pager(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The page's channel, set up."""
    made = module(monkeypatch, PAGER)
    loaded, _ = load({"STUDIUM_ENV": "test", "STUDIUM_DATA_DIR": str(tmp_path), "STUDIUM_SECRET_KEY": "x" * 40,
                      "STUDIUM_ENTRY_POINTS": "false", "STUDIUM_EXTRA_PLUGINS": "studium_pager", "STUDIUM_PAGER_URL": "https://pager.example",
                      "STUDIUM_PAGER_TOKEN": "secret", "STUDIUM_PAGER_NUMBERS": "7=0451 1234,8=0451 5678"})
    given = loaded[made.PagerSettings]
    monkeypatch.setattr(made, "settings", lambda: given)
    return made.PagerChannel()


def test_the_channel_knows_who_is_where(pager: Any) -> None:
    assert pager.is_available() is True
    assert pager.addresses_of([6, 7]) == {7: "0451 1234"}


@responses.activate
def test_the_message_goes_out_whole_and_with_its_key(pager: Any) -> None:
    responses.post("https://pager.example/messages", json={"id": 99})
    assert pager.send(MESSAGE) == "99"
    sent = responses.calls[0].request
    assert sent.headers["Idempotency-Key"] == "bundle:7"
    assert json.loads(sent.body)["text"] == "Since yesterday:\nRain\nhttps://x.example/courses\nFlood\nhttps://x.example/courses"


@responses.activate
@pytest.mark.parametrize(("answer", "error"), [
    ({"status": 429, "headers": {"Retry-After": "7"}}, ChannelDown), ({"status": 503}, ChannelDown), ({"status": 410}, AddressRefused),
    ({"status": 422}, MessageRefused), ({"body": requests.ConnectionError()}, ChannelDown),
])
def test_each_refusal_means_what_the_page_says(pager: Any, answer: dict[str, Any], error: type[Exception]) -> None:
    responses.post("https://pager.example/messages", **answer)
    with pytest.raises(error) as raised:
        pager.send(MESSAGE)
    assert getattr(raised.value, "retry_after", None) == (7.0 if answer.get("status") == 429 else None)


def test_the_event_is_told_once(mia: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = module(monkeypatch, EVENT)
    (event,) = shop.register_notification_events()
    monkeypatch.setitem(registry.events(), event.code, event)
    for _ in range(2):
        shop.parcel_sent(mia, 12, "Trees")
    with reading():
        assert [(row.key, row.path) for row in Notification.select()] == [("parcel:12", "/shop/12")]
