"""Texts in a language given by name, for jobs: the catalogs of all loaded plugins, by the standard library alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask

from studium.core.runtime import runtime
from studium.services.translation import translation_folders, translator

Bring = Callable[..., Path]
ROOT = Path(__file__).parents[2]
MARKERS = {"_", "N_", "gettext", "ngettext"}


@pytest.fixture
def bring(app: Flask, tmp_path: Path) -> Iterator[Bring]:
    """`bring("tea", Water="Вода")` loads a plugin that ships these Russian texts; its catalog folder."""
    with app.app_context():
        plugins, names = runtime().plugins, []

        def do(name: str, **texts: str) -> Path:
            folder = tmp_path / name / "translations"
            catalog = Catalog(locale="ru")
            for text, translated in texts.items():
                catalog.add(text.replace("_", " "), translated)
            catalog.add(("{number} cup", "{number} cups"), ("{number} чашка", "{number} чашки", "{number} чашек"))
            compiled = BytesIO()
            write_mo(compiled, catalog)
            file = folder / "ru" / "LC_MESSAGES" / "messages.mo"
            file.parent.mkdir(parents=True)
            file.write_bytes(compiled.getvalue())
            plugin = ModuleType(name)
            plugin.__file__ = str(tmp_path / name / "__init__.py")
            plugins.register(plugin, name=name)
            names.append(name)
            return folder

        yield do
        for name in names:
            plugins.unregister(name=name)


def test_texts_of_every_loaded_plugin_are_known(bring: Bring) -> None:
    folders = [bring("tea", Warm_water="Тёплая вода"), bring("coffee", Milk="Молоко")]
    _ = translator("ru").gettext
    assert (_("Warm water"), _("Milk")) == ("Тёплая вода", "Молоко")
    assert set(folders) < set(translation_folders())


def test_the_sites_own_texts_are_known_too(app: Flask) -> None:
    with app.app_context():
        assert translator("ru").gettext("Sign in") == "Войти"


def test_a_text_that_nobody_translated_stays_as_it_is_written(bring: Bring) -> None:
    bring("tea", Water="Вода")
    assert translator("ru").gettext("No translator saw this.") == "No translator saw this."
    assert translator("ru").ngettext("{number} spoon", "{number} spoons", 2) == "{number} spoons"


@pytest.mark.parametrize("language", ["en", "xx", "../ru", ""])
def test_english_and_unknown_languages_are_english(bring: Bring, language: str) -> None:
    bring("tea", Water="Вода")
    assert translator(language).gettext("Water") == "Water"
    assert translator(language).ngettext("{number} cup", "{number} cups", 1) == "{number} cup"


@pytest.mark.parametrize(("number", "text"), [(1, "чашка"), (3, "чашки"), (5, "чашек"), (11, "чашек"), (21, "чашка")])
def test_numbers_take_the_forms_of_the_language(bring: Bring, number: int, text: str) -> None:
    bring("tea", Water="Вода")
    assert translator("ru").ngettext("{number} cup", "{number} cups", number).format(number=number) == f"{number} {text}"


def test_a_plugin_that_is_no_longer_loaded_is_forgotten(bring: Bring) -> None:
    bring("tea", Water="Вода")
    assert translator("ru").gettext("Water") == "Вода"
    runtime().plugins.unregister(name="tea")
    try:
        assert translator("ru").gettext("Water") == "Water"
    finally:
        runtime().plugins.register(ModuleType("tea"), name="tea")


@pytest.mark.slow
def test_texts_of_jobs_cost_a_worker_no_drawing_library() -> None:
    code = "import sys, studium.services.translation, studium.plugins.documents; print({'typst', 'segno'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_no_text_hides_in_an_f_string_where_pybabel_does_not_look() -> None:
    files = [path for folder in ("web", "plugins", "services", "queue", "core") for path in (ROOT / folder).rglob("*.py")]
    hidden = [f"{path.relative_to(ROOT)}:{call.lineno}" for path in files for string in ast.walk(ast.parse(path.read_text()))
              if isinstance(string, ast.JoinedStr) for call in ast.walk(string) if isinstance(call, ast.Call) and called(call) in MARKERS]
    assert len(files) > 100
    assert hidden == []


def called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""
