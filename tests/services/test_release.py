"""The mark of a release: the same in all processes of one release, another one as soon as anything that makes pages is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from flask import Flask

from studium.core.app import create_app
from studium.core.runtime import runtime
from studium.core.settings import Settings
from studium.services import release
from studium.services.site import SiteSettings


@pytest.fixture
def page_file(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of a plugin's."""
    file = tmp_path / "templates" / "page.html"
    file.parent.mkdir()
    file.write_text("<p>old", encoding="utf-8")
    monkeypatch.setattr(release, "translation_folders", lambda: [tmp_path])
    return file


def mark_of(app: Flask) -> str:
    """The mark that a process would make that starts now."""
    with pytest.MonkeyPatch.context() as patch, app.app_context():
        patch.delitem(app.extensions, release.EXTENSION)
        release.init_release(app)
        made = release.release()
        assert made is not None
        return made


def test_two_processes_of_one_release_have_one_mark(app: Flask, page_file: Path) -> None:
    assert mark_of(app) == mark_of(app)
    assert len(mark_of(app)) == 32


@pytest.mark.parametrize("change", ["other words", "other name", "one more", "gone"])
def test_changed_file_is_another_release(app: Flask, page_file: Path, change: str) -> None:
    before = mark_of(app)
    if change == "other words":
        page_file.write_text("<p>new", encoding="utf-8")
    elif change == "other name":
        page_file.rename(page_file.with_name("other.html"))
    elif change == "gone":
        page_file.unlink()
    else:
        page_file.with_name("more.html").touch()
    assert mark_of(app) != before


def test_link_to_nowhere_as_editors_leave_them_stops_nothing(app: Flask, page_file: Path) -> None:
    page_file.with_name(".#page.html").symlink_to("somebody@nowhere")
    assert mark_of(app) == mark_of(app)


def test_compiled_files_are_no_change(app: Flask, page_file: Path) -> None:
    before = mark_of(app)
    compiled = page_file.parent / "__pycache__" / "page.pyc"
    compiled.parent.mkdir()
    compiled.write_bytes(b"compiled")
    assert mark_of(app) == before


def test_changed_setting_is_another_release(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = mark_of(app)
    monkeypatch.setitem(settings._sections, SiteSettings, SiteSettings(site_name="Another school"))
    assert mark_of(app) != before


def test_running_process_keeps_the_mark_of_its_start(app: Flask, page_file: Path) -> None:
    with app.app_context():
        before = release.release()
        page_file.write_text("<p>new", encoding="utf-8")
        assert release.release() == before


def test_code_templates_texts_and_static_files_of_site_and_plugins_are_in_it(app: Flask) -> None:
    with app.app_context():
        files = {file for place in release._places(app) for file in release._files(str(place))}
        folder = Path(str(runtime().plugins.get_plugin("studium.web").__file__)).parent
        shop = str(runtime().plugins.get_plugin("shop").__file__)
    assert {str(folder / name) for name in ("formats.py", "templates/layout.html", "translations/ru/LC_MESSAGES/messages.mo",
                                             "static/icons.svg")} <= files
    assert shop in files and str(folder.parent / "core" / "app.py") in files


def test_programs_without_pages_have_none(environ: Mapping[str, str], app: Flask) -> None:
    with create_app(environ, program="worker").app_context():
        assert release.release() is None
