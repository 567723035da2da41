"""Codes of certificates can be copied by people, and one that was made up is recognised."""

from __future__ import annotations

import re
import string

import pytest
from pydantic import SecretStr

from studium.core.runtime import EXTENSION, Runtime
from studium.core.settings import Settings
from studium.plugins.documents.codes import LETTERS, new_code, read_code, show_code
from studium.plugins.documents.settings import DocumentsSettings


@pytest.fixture(autouse=True)
def _context(app):
    with app.app_context():
        yield


def test_a_code_is_shown_in_groups_of_unmistakable_letters():
    for code in (new_code() for _ in range(200)):
        assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", show_code(code))


def test_no_two_codes_are_the_same():
    assert len({new_code() for _ in range(500)}) == 500


@pytest.mark.parametrize("write", [
    str, str.lower, show_code, lambda code: show_code(code).lower(), lambda code: f"  {show_code(code)} ",
    lambda code: show_code(code).replace("-", " "), lambda code: show_code(code).replace("-", "\N{EN DASH}"),
    lambda code: code.replace("0", "O").replace("1", "I"), lambda code: code.lower().replace("0", "o").replace("1", "l"),
])
def test_a_code_is_read_as_people_write_it(write):
    for code in (new_code() for _ in range(20)):
        assert read_code(write(code)) == code


def test_any_single_wrong_character_is_recognised():
    code = new_code()
    wrong = [code[:place] + letter + code[place + 1:] for place in range(16) for letter in LETTERS if letter != code[place]]
    assert [one for one in wrong if read_code(one)] == []


@pytest.mark.parametrize("written", ["", "A" * 16, "A" * 15, "А" * 16, "\x00" * 16, "🎓" * 16, "U" * 16, "x" * 10_000, string.printable])
def test_what_is_not_a_code_is_none(written):
    assert read_code(written) is None


def with_settings(app, **changed):
    """The app with another secret key or another key for certificates."""
    found = app.extensions[EXTENSION]
    core = found.settings.core.model_copy(update={"secret_key": SecretStr(changed["secret"])})
    own = DocumentsSettings(certificate_key=changed.get("certificate_key"))
    sections = {**found.settings._sections, type(core): core, DocumentsSettings: own}
    return Runtime(Settings(sections), found.plugins, found.program)


def test_codes_are_those_of_one_key_which_may_outlive_the_secret_key(app, monkeypatch):
    code, old_key = new_code(), app.extensions[EXTENSION].settings.secret
    monkeypatch.setitem(app.extensions, EXTENSION, with_settings(app, secret="another-key-" * 4))
    assert read_code(code) is None
    monkeypatch.setitem(app.extensions, EXTENSION, with_settings(app, secret="another-key-" * 4, certificate_key=SecretStr(old_key)))
    assert read_code(code) == code
