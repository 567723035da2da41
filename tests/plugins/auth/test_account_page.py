"""The account page: for the person in their browser, without scripts, in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.database import reading, transaction
from studium.plugins.auth.entities import User
from studium.plugins.auth.people import take_over
from studium.plugins.auth.time_zones import is_zone, offered_name, zones_by_region
from studium.queue.entities import Job
from studium.services.sign_in import ExternalIdentity
from tests.conftest import SignIn

Csrf = Callable[[FlaskClient], dict[str, str]]


@pytest.fixture
def anna(client: FlaskClient) -> FlaskClient:
    client.post("/auth/dev", json={"telegram_id": 7, "first_name": "Anna", "last_name": "Petrova", "username": "anna"})
    return client


def account(app: Flask) -> User:
    with app.app_context(), reading():
        return User.get(telegram_id=7)


def selected(page: str, name: str) -> str:
    part = re.search(rf'<select[^>]* name="{name}".*?</select>', page, re.DOTALL)
    assert part is not None
    found = re.findall(r'<option value="([^"]+)"[^>]* selected', part[0])
    assert len(found) == 1, found
    return str(found[0])


def test_visitors_are_shown_the_way_to_sign_in_and_back(client: FlaskClient, csrf: Csrf) -> None:
    answer = client.get("/account", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login?next=/account")
    for path in ("/account/preferences", "/account/tokens", "/account/delete", "/account/devices/sign-out-others"):
        assert client.post(path, headers=csrf(client)).status_code == 401


def test_the_menu_leads_to_the_page(anna: FlaskClient) -> None:
    assert 'href="/account"' in anna.get("/dashboard").text
    assert 'href="/account" aria-current="page"' in anna.get("/account").text


def test_the_name_is_that_of_the_sign_in(anna: FlaskClient) -> None:
    page = anna.get("/account").text
    assert re.findall(r'<dd dir="auto">([^<]+)</dd>', page) == ["Anna", "Anna", "Petrova", "anna"]


def test_missing_names_are_shown_as_missing(client: FlaskClient) -> None:
    client.post("/auth/dev", json={"telegram_id": 9})
    assert re.findall(r'<dd dir="auto">([^<]+)</dd>', client.get("/account").text) == ["User 9", "—", "—", "—"]


def test_the_choice_of_language_and_time_zone_is_kept_at_once(app: Flask, anna: FlaskClient, csrf: Csrf) -> None:
    chosen = {"language": "ru", "time_zone": "Asia/Novosibirsk"}
    answer = anna.post("/account/preferences", data=chosen, headers=csrf(anna))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account?done=saved#preferences")
    user = account(app)
    assert (user.language, user.time_zone) == ("ru", "Asia/Novosibirsk")
    page = anna.get("/account").text
    assert '<html lang="ru">' in page
    assert (selected(page, "language"), selected(page, "time_zone")) == ("ru", "Asia/Novosibirsk")
    assert ">Новосибирск</option>" in page


@pytest.mark.parametrize("chosen", [
    {"language": "xx", "time_zone": "UTC"}, {"language": "en", "time_zone": "Mars/Olympus"},
    {"language": "en", "time_zone": "../etc/passwd"},
    {"language": "en", "time_zone": ""}, {"language": "en"}, {"time_zone": "UTC"}, {"language": "en", "time_zone": "x" * 10_000},
])  # fmt: skip
def test_a_choice_that_is_not_offered_changes_nothing(app: Flask, anna: FlaskClient, csrf: Csrf, chosen: dict[str, str]) -> None:
    answer = anna.post("/account/preferences", data=chosen, headers=csrf(anna))
    assert answer.status_code == 422
    assert (account(app).language, account(app).time_zone) == ("", "UTC")


@pytest.mark.parametrize(("sent", "kept"), [
    ("Europe/Berlin", "Europe/Berlin"), ("Asia/Kolkata", "Asia/Kolkata"), ("Mars/Olympus", "UTC"), ("", "UTC"), ("Ё", "UTC"),
    ("x" * 3_000, "UTC"),
])  # fmt: skip
def test_the_first_sign_in_takes_the_time_zone_of_the_browser(app: Flask, client: FlaskClient, sent: str, kept: str) -> None:
    client.set_cookie("studium_time_zone", sent)
    client.post("/auth/dev", json={"telegram_id": 7})
    assert account(app).time_zone == kept


@pytest.mark.parametrize(("asked", "switched", "kept"), [
    ("ru-RU,ru;q=0.9,en;q=0.8", None, "ru"), ("de,en;q=0.5", None, "en"), ("en", "ru", "ru"), ("ru", "xx", "ru"),
    ("de", None, ""), ("", None, ""), ("x" * 3_000, None, ""), ("ru;q=0", None, ""),
])  # fmt: skip
def test_the_sign_in_takes_the_language_of_the_browser_when_none_is_known(
    app: Flask, client: FlaskClient, asked: str, switched: str | None, kept: str
) -> None:
    if switched:
        client.set_cookie("studium_language", switched)
    client.post("/auth/dev", json={"telegram_id": 7}, headers={"Accept-Language": asked})
    assert account(app).language == kept


def test_a_language_that_is_known_stays_whatever_the_next_browser_speaks(app: Flask, anna: FlaskClient, csrf: Csrf) -> None:
    assert account(app).language == ""
    for spoken, kept in (("ru", "ru"), ("en", "ru")):
        app.test_client().post("/auth/dev", json={"telegram_id": 7}, headers={"Accept-Language": spoken})
        assert account(app).language == kept
    anna.post("/account/preferences", data={"language": "en", "time_zone": "UTC"}, headers=csrf(anna))
    app.test_client().post("/auth/dev", json={"telegram_id": 7}, headers={"Accept-Language": "ru"})
    assert account(app).language == "en"


def test_the_language_of_who_used_the_browser_before_is_not_the_next_persons(app: Flask, client: FlaskClient) -> None:
    client.post("/auth/dev", json={"telegram_id": 8}, headers={"Accept-Language": "ru"})
    client.post("/auth/dev", json={"telegram_id": 7}, headers={"Accept-Language": "de"})
    assert account(app).language == ""


def test_the_first_sign_in_of_a_demo_person_takes_it_too(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        take_over(ExternalIdentity(7, "Anna"), authenticated=False)
    client.set_cookie("studium_time_zone", "Europe/Berlin")
    client.post("/auth/dev", json={"telegram_id": 7})
    assert account(app).time_zone == "Europe/Berlin"


def test_later_the_persons_own_choice_counts(app: Flask, anna: FlaskClient, csrf: Csrf) -> None:
    anna.post("/account/preferences", data={"language": "en", "time_zone": "Europe/Oslo"}, headers=csrf(anna))
    anna.set_cookie("studium_time_zone", "America/Lima")
    anna.post("/auth/dev", json={"telegram_id": 7})
    assert account(app).time_zone == "Europe/Oslo"


def test_a_zone_of_several_names_is_the_chosen_one_of_the_list(anna: FlaskClient, csrf: Csrf) -> None:
    for name in ("Asia/Calcutta", "Asia/Kolkata", "Etc/GMT+3"):
        anna.post("/account/preferences", data={"language": "en", "time_zone": name}, headers=csrf(anna))
        assert selected(anna.get("/account").text, "time_zone") == offered_name(name)


def test_every_offered_zone_is_one() -> None:
    names = [zone.name for group in zones_by_region("en").values() for zone in group]
    assert len(names) > 300
    assert all(is_zone(name) for name in names)
    assert len(set(names)) == len(names)


def test_the_copy_of_the_data_is_one_press_away(app: Flask, anna: FlaskClient, csrf: Csrf) -> None:
    page = anna.get("/account").text
    part = page[page.index('id="export"'):]
    values = dict(re.findall(r'name="(kind|params)" value="([^"]*)"', part))
    answer = anna.post("/jobs", data={"kind": values["kind"], "params": values["params"].replace("&#34;", '"')}, headers=csrf(anna))
    assert answer.headers["Location"] == "/dashboard#jobs"
    with app.app_context(), reading():
        assert Job.select().first().kind == "account_export"


@pytest.mark.parametrize("done", ["saved", "nothing", "<script>"])
def test_what_was_done_is_said_only_in_known_words(anna: FlaskClient, done: str) -> None:
    page = anna.get("/account", query_string={"done": done}).text
    assert page.count('<p class="flash"') == (done == "saved")
    assert "<script>" not in page


class Fields(HTMLParser):
    """Form fields and the labels for them."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[str] = []
        self.labels: set[str] = set()
        self.unnamed: list[str] = []
        self._in_label = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "label":
            self._in_label += 1
            self.labels.add(values.get("for") or "")
        if tag in ("select", "input") and values.get("type") != "hidden":
            if values.get("id"):
                self.fields.append(str(values["id"]))
            elif not self._in_label:
                self.unnamed.append(str(values))

    def handle_endtag(self, tag: str) -> None:
        self._in_label -= tag == "label"


@pytest.mark.parametrize("path", ["/account", "/account/delete"])
def test_every_field_has_a_label(anna: FlaskClient, path: str) -> None:
    found = Fields()
    found.feed(anna.get(path).text)
    assert found.fields
    assert set(found.fields) <= found.labels
    assert found.unnamed == []


def test_the_page_costs_the_same_whatever_is_on_it(
    app: Flask, anna: FlaskClient, csrf: Csrf, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.web.test_queries import count_queries

    few = count_queries(anna, "/account", monkeypatch)
    for number in range(6):
        sign_in(app.test_client(), 7)
        anna.post("/account/tokens", data={"name": f"n{number}", "scope": "read", "days": "30"}, headers=csrf(anna))
    assert count_queries(anna, "/account", monkeypatch) <= few


def test_every_city_has_a_russian_name() -> None:
    latin = [zone for group in zones_by_region("ru").values() for zone in group if not re.search("[а-яё]", zone.city)]
    assert latin == []
    assert {zone.city for zone in zones_by_region("ru")["Europe"]} >= {"Киев", "Берлин"}
    assert "Kyiv" in {zone.city for zone in zones_by_region("en")["Europe"]}


def test_somebody_without_a_name_is_called_a_user_in_their_language(client: FlaskClient) -> None:
    client.post("/auth/dev", json={"telegram_id": 5008})
    for path in ("/account", "/dashboard"):
        page = client.get(path, headers={"Accept-Language": "ru"}).text
        assert "User 5008" not in page
        assert "Пользователь 5008" in page
    assert client.get("/api/v1/session", headers={"Accept-Language": "ru"}).get_json()["data"]["user"]["display_name"] == "User 5008"


def test_a_refused_choice_is_told_in_the_readers_language(anna: FlaskClient, csrf: Csrf) -> None:
    for language, words in (("en", "There is no such time zone."), ("ru", "Вернитесь")):
        answer = anna.post("/account/preferences", data={"language": "en", "time_zone": "Mars"},
                           headers=csrf(anna) | {"Accept-Language": language, "Accept": "text/html"})
        assert (answer.status_code, words in answer.text) == (422, True)


def test_what_was_done_is_in_the_title(anna: FlaskClient, csrf: Csrf) -> None:
    assert "<title>Saved. · Account · " in anna.get("/account?done=saved").text
    anna.post("/logout", headers=csrf(anna))
    assert "<title>You are signed out. · " in anna.get("/").text
