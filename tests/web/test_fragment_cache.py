"""The tag {% cache %}: kept once for all, keyed by all that shows, and closed to everything that belongs to one reader."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from jinja2 import DictLoader, Environment, TemplateRuntimeError, TemplateSyntaxError
from markupsafe import Markup

from studium.plugins.auth import people
from studium.services import release
from studium.services.cache import cache
from studium.services.courses.values import CourseInfo
from studium.services.money import Money
from studium.web import formats
from studium.web.fragment_cache import FragmentCache
from studium.web.fragment_rules import FILTERS, FUNCTIONS, IN_THE_TIME_ZONE
from studium.web.settings import WebSettings
from tests.conftest import Clock

Show = Callable[..., str]


class Counted:
    """Something to show that counts how often it is shown."""

    def __init__(self, *key: object) -> None:
        self.cache_key, self.times, self.at = key, 0, datetime(2027, 3, 5, 23, 30)

    @property
    def shown(self) -> str:
        self.times += 1
        return f"shown {self.times}"


@pytest.fixture
def show(app: Flask) -> Show:
    """`show(source, others={name: source}, headers={...}, **variables)` renders a template in a request of its own."""

    def do(
        source: str, others: dict[str, str] | None = None, headers: dict[str, str] | None = None, root: str = "", **variables: Any
    ) -> str:
        environment = app.jinja_env.overlay(loader=DictLoader({"page.html": source, **(others or {})}), cache_size=0)
        with app.test_request_context("/", headers=headers, environ_overrides={"SCRIPT_NAME": root}):
            text: str = environment.get_template("page.html").render(**variables)
        return text

    return do


def test_block_is_made_once_for_a_key(show: Show) -> None:
    one, other = Counted("a", 1), Counted("a", 2)
    source = "{% cache it %}{{ it.shown }}{% endcache %}"
    assert [show(source, it=one), show(source, it=one), show(source, it=other)] == ["shown 1", "shown 1", "shown 1"]
    assert (one.times, other.times) == (1, 1)


def test_block_is_another_one_in_each_language(show: Show) -> None:
    source = "{% cache %}{{ _('Courses') }} {{ current_language() }}{% endcache %}"
    for _time in range(2):
        assert show(source, headers={"Accept-Language": "ru"}) == "Курсы ru"
        assert show(source, headers={"Accept-Language": "en"}) == "Courses en"


def test_two_blocks_of_one_template_with_one_key_stay_apart(show: Show) -> None:
    source = "{% cache 1 %}one{% endcache %}{% cache 1 %}two{% endcache %}{% cache 1 %}two{% endcache %}"
    assert show(source) == show(source) == "onetwotwo"


def test_changed_block_is_made_anew(show: Show) -> None:
    assert show("{% cache 1 %}old{% endcache %}") == "old"
    assert show("{% cache 1 %}new{% endcache %}") == "new"


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (1, "1"), (0, False), (None, "None"), (1, 1.0), (["a", "b"], ["a,b"]), ("<i>", Markup("<i>")), ([[1], 2], [1, [2]]),
     (["a", None], ["a"]), ("", None)],
)
def test_values_that_differ_never_share_a_block(show: Show, one: object, other: object) -> None:
    source = "{% cache value %}{{ value | pprint | safe }}{% endcache %}"
    assert show(source, value=one) == repr(one)
    assert show(source, value=other) == repr(other)


def test_values_of_different_kinds_with_one_key_stay_apart(show: Show) -> None:
    class Another(Counted):
        shown = "another"  # type: ignore[assignment]

    source = "{% cache it %}{{ it.shown }}{% endcache %}"
    assert [show(source, it=Counted(1)), show(source, it=Another(1))] == ["shown 1", "another"]


NAMELESS_COURSE = CourseInfo(1, "k", "s", "T", "", "", ("en",), None, (), (), 0, 0)  # without a revision


@pytest.mark.parametrize("value", [object(), {"a": 1}, {1, 2}, datetime(2027, 1, 1), Counted, NAMELESS_COURSE])
def test_value_of_which_nothing_tells_when_it_changes_is_refused(show: Show, value: object) -> None:
    with pytest.raises(TemplateRuntimeError, match="nothing says when that changes"):
        show("{% cache value %}{% endcache %}", value=value)


def test_name_that_nobody_gave_is_no_key(show: Show) -> None:
    with pytest.raises(TemplateRuntimeError, match="'value' is undefined"):
        show("{% cache value %}{% endcache %}")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{{ csrf_token() }}", "uses 'csrf_token', which is another one for each reader"),
        ("{{ current_user().id }}", "uses 'current_user', which is another one"),
        ("{{ get_flashed_messages() }}", "uses 'get_flashed_messages', which is another one"),
        ("{{ request.path }}", "uses 'request', which is another one"),
        ("{{ session.x }}", "uses 'session', which is another one"),
        ("{{ g.signed_in_user }}", "uses 'g', which is another one"),
        ("{{ login_url() }}", "uses 'login_url', which is another one"),
        ("{{ user.display_name }}", "uses 'user', which is another one"),
        ("{% if user %}x{% endif %}", "uses 'user', which is another one"),
        ("{% set user = user %}x", "uses 'user', which is another one"),
        ("{{ outline.percent }}", "uses 'outline', which is not in its key"),
        ("{% for x in xs if outline %}{% endfor %}", "uses 'outline'|uses 'xs'"),
        ("{{ config.SECRET_KEY }}", "uses 'config', which is not in its key"),
        ("{{ lipsum() }}", "uses 'lipsum', which is not in its key"),
        ("{{ card(it) }}", "uses 'card', which is not in its key"),
        ("{{ it | ago }}", "filter 'ago'"),
        ("{{ it | time_left }}", "filter 'time_left'"),
        ("{{ [1, 2] | random }}", "filter 'random'"),
        ("{% if it is of_reader %}{% endif %}", "test 'of_reader'"),
        ("{{ [it] | select('of_reader') | list }}", "test 'of_reader'"),
        ("{{ [it] | rejectattr('x', 'of_reader') | list }}", "test 'of_reader'"),
        ("{{ [it] | select(it) | list }}", "test 'of select by a variable'"),
        ("{{ [it] | map('ago') | join }}", "filter 'ago'"),
        ("{{ [1] | map(it) | join }}", "filter 'map by a variable'"),
        ("{% filter ago %}{% endfilter %}", "filter 'ago'"),
        ("{{ url_for('web.catalogue', _external=true) }}", "url_for"),
        ("{{ url_for(it) }}", "url_for"),
        ("{{ url_for('.catalogue') }}", "url_for"),
        ("{% block inside %}{% endblock %}", "cannot hold a"),
        ("{% include it %}", "by a plain text"),
        ("{% include 'reader.html' %}", "uses 'current_user', which is another one"),
        ("{% include ['line.html', 'reader.html'] ignore missing %}", "uses 'current_user', which is another one"),
        ("{% include 'includes.html' %}", "uses 'outline', which is not in its key"),
        ("{% import 'sees.html' as them with context %}", "uses 'outline', which is not in its key"),
        ("{% from 'sees.html' import m with context %}", "uses 'outline', which is not in its key"),
        ("{% include 'extends.html' %}", "must not extend another"),
        ("{% from 'macros.html' import name %}{{ name(it) }}", "uses 'request', which is another one"),
        ("{% from 'deep.html' import name %}{{ name(it) }}", "uses 'request', which is another one"),
        ("{% from 'moment.html' import name %}{{ name(it) }}", "filter 'ago'"),
        ("{% cache other %}{% endcache %}", "uses 'other', which is not in its key"),
    ],
)
def test_block_that_could_show_more_than_its_key_is_refused(
    app: Flask, show: Show, monkeypatch: pytest.MonkeyPatch, body: str, words: str
) -> None:
    others = {
        "line.html": "<hr>", "reader.html": "{{ current_user() }}", "extends.html": "{% extends 'line.html' %}",
        "sees.html": "{% macro m() %}{{ outline }}{% endmacro %}", "includes.html": "{% include 'line.html' %}{{ outline }}",
        "macros.html": "{% macro name(it) %}{{ request.path }}{% endmacro %}",
        "deep.html": "{% from 'macros.html' import name as deeper %}{% macro name(it) %}{{ deeper(it) }}{% endmacro %}",
        "moment.html": "{% macro name(it) %}{{ it | ago }}{% endmacro %}",
    }
    monkeypatch.setitem(app.jinja_env.tests, "of_reader", lambda _value: True)
    with pytest.raises(TemplateSyntaxError, match=words):
        show("{% cache it %}" + body + "{% endcache %}", others, it="x")


@pytest.mark.parametrize("arguments", ["it=1", "tags=[], it", "tags=[], tags=[]", "it 1"])
def test_tag_that_is_written_wrong_is_refused(show: Show, arguments: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        show("{% cache " + arguments + " %}{% endcache %}", it=1)


def test_macros_and_parts_of_other_files_may_be_used_without_the_page(show: Show) -> None:
    others = {"part.html": "{% macro bold(it) %}<b>{{ it }}</b>{% endmacro %}", "line.html": "<p>{{ it }}"}
    source = "{% cache it %}{% from 'part.html' import bold %}{% include 'line.html' %}{{ bold(it) }}{% endcache %}"
    assert show(source, others, it="<i>") == show(source, others, it="<i>") == "<p>&lt;i&gt;<b>&lt;i&gt;</b>"


@pytest.mark.parametrize(
    ("source", "others"),
    [
        ("{% set site_name = name %}{% cache 1 %}{{ site_name }}{% endcache %}", {}),
        ("{% macro m(site_name) %}{% cache 1 %}{{ site_name }}{% endcache %}{% endmacro %}{{ m(name) }}", {}),
        ("{% for site_name in [name] %}{% cache 1 %}{% include 'part.html' %}{% endcache %}{% endfor %}", {"part.html": "{{ site_name }}"}),
        ("{% cache 1 %}{{ asset }}{% endcache %}", {}),
    ],
)
def test_variable_with_the_name_of_a_function_is_refused(show: Show, source: str, others: dict[str, str]) -> None:
    with pytest.raises(TemplateRuntimeError, match="is a variable of the page there"):
        show(source, others, name="Anna", asset="of Anna")


def test_inner_block_is_kept_when_the_outer_one_is_made_anew(show: Show) -> None:
    inner, first, second = Counted("inner"), Counted(1), Counted(2)
    source = "{% cache outer, inner %}{{ outer.shown }}, {% cache inner %}{{ inner.shown }}{% endcache %}{% endcache %}"
    assert show(source, outer=first, inner=inner) == show(source, outer=first, inner=inner) == "shown 1, shown 1"
    assert show(source, outer=second, inner=inner) == "shown 1, shown 1"
    assert (inner.times, first.times, second.times) == (1, 1, 1)


def test_deleted_tag_takes_the_block_away(app: Flask, show: Show) -> None:
    it = Counted(1)
    source = "{% cache it, tags=['course:7'] %}{{ it.shown }}{% endcache %}"
    assert show(source, it=it) == show(source, it=it) == "shown 1"
    with app.app_context():
        cache().delete_tag("course:7")
    assert show(source, it=it) == "shown 2"


def test_one_text_is_no_list_of_tags(show: Show) -> None:
    with pytest.raises(TemplateRuntimeError, match="Give a list"):
        show("{% cache 1, tags='course:7' %}{% endcache %}")


def test_block_ends_with_its_time_to_live(show: Show, frozen_clock: Clock) -> None:
    it = Counted(1)
    source = "{% cache it, ttl=60 %}{{ it.shown }}{% endcache %}"
    assert show(source, it=it) == "shown 1"
    frozen_clock.advance(59)
    assert show(source, it=it) == "shown 1"
    frozen_clock.advance(2)
    assert show(source, it=it) == "shown 2"


@pytest.mark.parametrize(
    ("outer", "inner", "words"),
    [("1", "2, tags=['a']", "tag 'a'"), ("1, tags=['b']", "2, tags=['a', 'b']", "tag 'a'"), ("1", "2, ttl=5", "ttl=5"),
     ("1, ttl=6", "2, ttl=5", "ttl=5")],
)
def test_outer_block_may_not_outlive_the_inner_one(show: Show, outer: str, inner: str, words: str) -> None:
    with pytest.raises(TemplateRuntimeError, match=words):
        show(f"{{% cache {outer} %}}{{% cache {inner} %}}{{% endcache %}}{{% endcache %}}")
    assert show("{% cache 1, tags=['a', 'b'], ttl=5 %}{% cache 2, tags=['a'], ttl=5 %}x{% endcache %}{% endcache %}") == "x"


def test_failure_in_a_block_keeps_nothing_and_leaves_nothing_open(show: Show) -> None:
    class Broken:
        cache_key = (1,)

        @property
        def shown(self) -> str:
            raise ValueError("broken")

    source = "{% cache it, ttl=5 %}{{ it.shown }}{% endcache %}"
    for _time in range(2):
        with pytest.raises(ValueError, match="broken"):
            show(source, it=Broken())
    assert show("{% cache 1 %}{{ 1 + 1 }}{% endcache %}") == "2"  # else it would stand in one with ttl=5


def test_what_is_escaped_stays_so_and_is_not_escaped_twice(show: Show) -> None:
    source = "{% cache it %}<b>{{ it }}</b>{% endcache %}"
    assert show(source, it="<i>") == show(source, it="<i>") == "<b>&lt;i&gt;</b>"


def test_block_is_another_one_below_another_address(show: Show) -> None:
    source = "{% cache %}{{ url_for('web.catalogue') }}{% endcache %}"
    assert [show(source), show(source, root="/school"), show(source)] == ["/", "/school/", "/"]


def test_host_of_the_request_never_gets_into_a_block(show: Show) -> None:
    source = "{% cache %}{{ url_for('web.catalogue') }}{{ asset('x.css') }}{% endcache %}"
    assert "evil" not in show(source, headers={"Host": "evil.example"})
    assert "evil" not in show(source)


def test_next_release_shows_nothing_of_the_last_one(app: Flask, show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    it = Counted(1)
    source = "{% cache it %}{{ it.shown }}{% endcache %}"
    assert show(source, it=it) == "shown 1"
    monkeypatch.setitem(app.extensions, release.EXTENSION, "the next one")
    assert [show(source, it=it), show(source, it=it)] == ["shown 2", "shown 2"]


@pytest.mark.parametrize("why", ["setting", "templates are reloaded", "no release"])
def test_nothing_is_kept_where_it_could_be_stale(app: Flask, show: Show, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    if why == "setting":
        found = app.extensions["studium"].settings
        monkeypatch.setitem(found._sections, WebSettings, found[WebSettings].model_copy(update={"fragments": False}))
    elif why == "no release":
        monkeypatch.delitem(app.extensions, release.EXTENSION)
    else:
        monkeypatch.setattr(app.jinja_env, "auto_reload", True)
    it = Counted(1)
    assert [show("{% cache it %}{{ it.shown }}{% endcache %}", it=it) for _time in range(2)] == ["shown 1", "shown 2"]


def test_broken_cache_shows_the_block(app: Flask, show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studium.services.cache.Cache.fetch", lambda *_arguments, **_options: {"not": "a text"})
    assert show("{% cache 1 %}<b>{% endcache %}") == "<b>"


NEAR = {"Accept-Language": "en"}
SAMPLES = {
    "clock": 754_000, "clock_up": 754_001, "decimal": 1234.5, "duration": 4_800_000, "file_size": 1_234_567, "language_name": "ru",
    "first_currency": [Money("1", "USD"), Money("1", "RUB")], "money": Money("2900", "RUB"), "percent": 12, "shown_name": "User 5008",
    "prices": {"RUB": "2900", "USD": "29"}, "day": datetime(2027, 3, 5, 23, 30), "moment": datetime(2027, 3, 5, 23, 30),
}
CALLS = {
    "asset": "asset('a.css')", "current_language": "current_language()", "icon": "icon('tick')", "url_for": "url_for('web.catalogue')",
    "script_texts": "script_texts()", "site_name": "site_name()", "_": "_('Courses')", "gettext": "gettext('Courses')",
    "ngettext": "ngettext('%(num)d lesson', '%(num)d lessons', 2)", "pgettext": "pgettext('a', 'b')",
    "npgettext": "npgettext('a', 'b', 'c', 2)",
}
OF_JINJA = {"cycler", "dict", "joiner", "namespace", "range"}


@pytest.fixture
def anna_far_away(app: Flask) -> dict[str, str]:
    """The headers of Anna's browser, who reads English in Auckland."""
    client = app.test_client()
    user = client.post("/auth/dev", json={"telegram_id": 7, "first_name": "Anna"}).get_json()["data"]
    with app.app_context():
        people.keep_time_zone(user["id"], "Pacific/Auckland")
    cookie = client.get_cookie("studium_session")
    assert cookie is not None
    return {"Cookie": f"studium_session={cookie.value}", "Accept-Language": "en"}


def test_each_filter_of_the_site_is_known_to_be_the_same_for_all_or_not(
    show: Show, anna_far_away: dict[str, str], frozen_clock: Clock
) -> None:
    assert set(SAMPLES) == set(formats.FILTERS) & FILTERS
    for name, sample in SAMPLES.items():
        visitor = show("{{ it | " + name + " }}", headers=NEAR, it=sample)
        frozen_clock.advance(86_400)
        anna = show("{{ it | " + name + " }}", headers=anna_far_away, it=sample)
        assert (visitor != anna) == (name in IN_THE_TIME_ZONE), name


def test_each_function_that_is_let_in_is_the_same_for_all(show: Show, anna_far_away: dict[str, str], frozen_clock: Clock) -> None:
    assert set(CALLS) | OF_JINJA == FUNCTIONS
    for call in CALLS.values():
        visitor = show("{{ " + call + " }}", headers=NEAR)
        frozen_clock.advance(86_400)
        assert show("{{ " + call + " }}", headers=anna_far_away) == visitor


@pytest.mark.parametrize(
    "block", ["{{ it.at | day }}", "{% from 'when.html' import when %}{{ when(it.at) }}", "{{ [it.at] | map('day') | join }}"]
)
def test_block_with_a_time_is_another_one_in_each_time_zone(show: Show, anna_far_away: dict[str, str], block: str) -> None:
    it = Counted(1)
    others = {"when.html": "{% macro when(at) %}{{ at | day }}{% endmacro %}"}
    for _time in range(2):
        assert show("{% cache it %}" + block + "{% endcache %}", others, headers=NEAR, it=it) == "March 5, 2027"
        assert show("{% cache it %}" + block + "{% endcache %}", others, headers=anna_far_away, it=it) == "March 6, 2027"


def test_pybabel_finds_the_texts_of_a_block() -> None:
    environment = Environment(extensions=["jinja2.ext.i18n", FragmentCache])
    source = "{% cache it %}{{ _('In a block') }}{{ it | day }}{% endcache %}"
    assert [text for _line, _function, text in environment.extract_translations(source)] == ["In a block"]
