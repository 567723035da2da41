"""What templates and scripts name must exist: icons of the sprite, sentences for scripts, modules."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask

from studium.web.job_cards import ICONS
from studium.web.texts import texts_for_scripts

WEB = Path(__file__).parents[2] / "web"
ICONS_OF_PLUGINS = {  # of offers, ways to sign in, payment providers, channels, events that people are told of
    "bank", "bell", "card", "certificate", "file", "gauge", "mail", "megaphone", "shield", "spark", "star", "telegram", "unlock",
}
SCRIPTS = sorted((WEB / "static" / "js").glob("*.js"))


def read(paths: list[Path]) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def test_every_icon_that_is_used_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (WEB / "static" / "icons.svg").read_text()))
    used = set(re.findall(r'icon\("(\w+)"', read(sorted(WEB.glob("templates/**/*.html")))))
    used |= set(ICONS.values()) | ICONS_OF_PLUGINS
    assert len(used) > 15
    assert used - sprite == set()
    assert sprite - used - {"mark"} == set(), "not used any more"


def test_every_sentence_that_scripts_say_is_translated_on_the_server(app: Flask) -> None:
    with app.test_request_context():
        known = texts_for_scripts()
    source = read(SCRIPTS)
    said = {key for key in known if f'"{key}"' in source}
    asked = set(re.findall(r'\btext\("(\w+)"', source))
    assert asked - set(known) == set()
    assert set(known) - said == set(), "not said any more"


def test_every_module_that_is_imported_exists() -> None:
    names = {path.name for path in SCRIPTS}
    for script in SCRIPTS:
        imported = set(re.findall(r'from "\./([^"]+)"|import "\./([^"]+)"', script.read_text(encoding="utf-8")))
        assert {one or other for one, other in imported} <= names, script.name


def test_scripts_are_small_and_say_what_they_are_for() -> None:
    for script in SCRIPTS:
        lines = script.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("//"), script.name
        assert len(lines) <= 300, script.name
