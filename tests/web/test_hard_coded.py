"""No text for people is written where nobody translates it: in templates, in scripts, and in what views hand to people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests.web.hard_coded import in_module, in_script, in_template
from tests.web.test_translation import texts_in_use

ROOT = Path(__file__).parents[2]
DEVELOPMENT = ("plugins/sandbox/",)  # its pages play another service, for developers
RIGHT = {  # what is found and is right, and why
    "plugins/auth/tokens.py": "the page says it in its own words",
    "plugins/documents/storage.py": "a job without a person, for operators alone",
    "plugins/payments/receipt_job.py": "a job without a person, for operators alone",
    "plugins/progress/reading.py": "JSON alone",
    "plugins/progress/routes.py": "JSON alone",
    "plugins/telegram/bot_messages.py": "jobs that nobody sees but operators, as Telegram answered",
    "plugins/notifications/delivering.py": "jobs that nobody sees but operators",
    "plugins/telegram/challenges.py": "the view catches it and leads on",
    "plugins/payments/templates/payments/receipt.html": "the class of the page",
    "web/templates/lesson.html": "the class of the page",
    "web/templates/errors/500.html": "in two languages at once",
    "web/templates/partials/language_switch.html": "the names of languages in themselves",
    "web/templates/partials/player_help.html": "what is printed on keys",
}
Finder = Callable[[Path], list[str]]


def found_in(finder: Finder, *patterns: str) -> dict[str, list[str]]:
    """The words by file, but for what is right."""
    paths = {str(path.relative_to(ROOT)): path for pattern in patterns for path in sorted(ROOT.glob(pattern))}
    mine = {name: finder(path) for name, path in paths.items() if name not in RIGHT and not name.startswith(DEVELOPMENT)}
    return {name: words for name, words in mine.items() if words}


def test_templates_have_no_text_that_is_not_translated(web_app: Flask) -> None:
    def finder(path: Path) -> list[str]:
        return in_template(path.read_text(encoding="utf-8"), web_app.jinja_env)

    assert found_in(finder, "web/templates/**/*.html", "plugins/*/templates/**/*.html") == {}


def test_scripts_say_nothing_that_the_server_did_not_translate() -> None:
    assert found_in(lambda path: in_script(path.read_text(encoding="utf-8")), "web/static/js/*.js", "plugins/*/static/**/*.js") == {}


def test_views_and_jobs_hand_no_text_to_people_that_is_not_translated() -> None:
    def finder(path: Path) -> list[str]:
        return [text for text in in_module(path) if text not in texts_in_use()]  # else it is marked elsewhere

    assert found_in(finder, "web/**/*.py", "plugins/**/*.py", "services/**/*.py") == {}


def test_what_is_right_is_still_there() -> None:
    assert [name for name in RIGHT if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(("source", "words"), [
    ("<p>{{ _('Good') }}</p>", []),
    ("<p>Bad thing</p>", ["Bad thing"]),
    ("<p>{% if x %}Bad{% endif %}</p>", ["Bad"]),
    ('<button aria-label="Close it">×</button>', ["Close it"]),
    ('<input type="submit" value="Send">', ["Send"]),
    ('<input placeholder="{{ \'Your name\' }}">', ["Your name"]),
    ("{{ 'Not said.' if x else _('Said.') }}", ["Not said."]),
    ("{% set words = {'open': 'It is open.'} %}", ["It is open."]),
    ("<script>let code = 1;</script><code>Some code</code>", []),
    ("<p>{# A comment that says it. #}{{ url_for('web.page', name='Dashboard_x') }}</p>", []),
])
def test_words_of_a_template_are_found(web_app: Flask, source: str, words: list[str]) -> None:
    assert in_template(source, web_app.jinja_env) == words


@pytest.mark.parametrize(("source", "words"), [
    ('announce(text("saved"));', []),
    ('announce("It was saved.");', ["It was saved."]),
    ("button.title = `Try ${name} again`;", ["Try ${name} again"]),
    ('console.warn("Something is odd here"); // Or "So it seems."', []),
    ('throw new Error("Nobody reads this.");', []),
    ('document.querySelector("main section h2")', []),
])
def test_sentences_of_a_script_are_found(source: str, words: list[str]) -> None:
    assert in_script(source) == words


@pytest.mark.parametrize(("source", "words"), [
    ("flash(_('It is done.'), 'done')", []),
    ("flash('It is done.', 'done')", ["It is done."]),
    ("flash(f'It is {word} now.')", ["It is x now."]),
    ("raise Conflict('This cannot be.' if x else _('No.'))", ["This cannot be."]),
    ("AccountSection('code', 'Your letters', html)", ["Your letters"]),
    ("job.progress(10, 'Half of %s' % name)", ["Half of %s"]),
    ("job.progress(10, _('Half of %s') % name)", []),
    ("job.progress(10, 'Half of it')", ["Half of it"]),
    ("Discard(N_('The shop is closed.'))", []),
])
def test_words_that_a_module_hands_on_are_found(tmp_path: Path, source: str, words: list[str]) -> None:
    (tmp_path / "views.py").write_text(source)
    assert in_module(tmp_path / "views.py") == words
