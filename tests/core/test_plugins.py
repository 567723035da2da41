"""Plugins load in order, or stop the start with the plugin's name and the cause."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from studium.core import plugins
from studium.core.app import load
from studium.core.errors import PluginError, StudiumError
from studium.core.settings import FIRST_PARTY_PLUGINS, OUTSIDE_PRODUCTION

GOOD = """
from studium.core.plugins import hookimpl

@hookimpl
def register_entities():
    return []
"""
MISSPELT = GOOD.replace("register_entities", "register_entitys")
FACT = """
from studium.core.plugins import hookimpl

@hookimpl
def lesson_completed({argument}):
    pass
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """`write(name, text)` makes an importable module."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def do(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text)

    return do  # type: ignore[return-value]


def loaded(tmp_path: Path, *extra: str, entry_points: str = "false", first: str | None = None) -> list[str]:
    environ = {
        "STUDIUM_DATA_DIR": str(tmp_path),
        "STUDIUM_SECRET_KEY": "k" * 40,
        "STUDIUM_ENTRY_POINTS": entry_points,
        "STUDIUM_EXTRA_PLUGINS": ",".join(extra),
    }
    if first is not None:
        environ["STUDIUM_PLUGINS"] = first
    _settings, manager = load(environ)
    return [name for name, plugin in manager.list_name_plugin() if plugin is not None]


def test_plugins_load_in_the_order_of_the_list_extra_ones_last(tmp_path, write):
    write("studium_test_extra", GOOD)
    assert loaded(tmp_path, "studium_test_extra") == [*FIRST_PARTY_PLUGINS, *OUTSIDE_PRODUCTION, "studium_test_extra"]


def test_the_core_alone_starts_without_any_plugin(tmp_path):
    assert loaded(tmp_path, first="") == []


def test_a_misspelt_hook_stops_the_start(tmp_path, write):
    write("studium_test_misspelt", MISSPELT)
    with pytest.raises(PluginError, match=r"register_entitys.*studium_test_misspelt.*misspelt"):
        loaded(tmp_path, "studium_test_misspelt")


@pytest.mark.parametrize("argument", ["fact_", "fact, course"])
def test_a_hook_with_a_wrong_argument_stops_the_start(tmp_path, write, argument):
    name = f"studium_test_argument_{len(argument)}"
    write(name, FACT.format(argument=argument))
    with pytest.raises(PluginError, match=rf"(?s){name}.*lesson_completed"):
        loaded(tmp_path, name)


@pytest.mark.parametrize(
    ("name", "text", "cause"),
    [
        ("studium_test_broken", "1 / 0", "ZeroDivisionError: division by zero"),
        ("studium_test_syntax", "def :", "SyntaxError"),
        ("studium_test_import", "import no_such_module_anywhere", "No module named 'no_such_module_anywhere'"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_named_with_the_cause(tmp_path, write, name, text, cause):
    write(name, text)
    with pytest.raises(PluginError) as refused:
        loaded(tmp_path, name)
    assert f"Plugin {name} cannot be loaded" in str(refused.value)
    assert cause in str(refused.value)


def test_a_plugin_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(PluginError, match="Plugin studium_nowhere cannot be loaded: ModuleNotFoundError"):
        loaded(tmp_path, "studium_nowhere")


def test_a_plugin_listed_twice_is_refused(tmp_path):
    with pytest.raises(PluginError, match=r"Plugin studium\.plugins\.auth cannot be loaded"):
        loaded(tmp_path, "studium.plugins.auth")


def test_an_exception_in_a_register_hook_stops_the_start(tmp_path, write):
    write("studium_test_register", GOOD.replace("register_entities", "register_settings").replace("return []", "raise OSError('no disk')"))
    with pytest.raises(OSError, match="no disk"):
        loaded(tmp_path, "studium_test_register")


def installed(monkeypatch, value):
    points = EntryPoints([EntryPoint("installed", value, plugins.ENTRY_POINT_GROUP)])
    monkeypatch.setattr(plugins, "entry_points", lambda group: points.select(group=group))


def test_plugins_of_installed_packages_are_found_by_their_entry_point(tmp_path, write, monkeypatch):
    write("studium_test_installed", GOOD)
    installed(monkeypatch, "studium_test_installed")
    assert loaded(tmp_path, entry_points="true")[-1] == "installed"
    assert "installed" not in loaded(tmp_path, entry_points="false")


def test_a_broken_installed_plugin_is_named_with_its_address(tmp_path, write, monkeypatch):
    write("studium_test_installed_broken", "raise RuntimeError('licence expired')")
    installed(monkeypatch, "studium_test_installed_broken")
    with pytest.raises(PluginError, match=r"installed \(studium_test_installed_broken\).*licence expired"):
        loaded(tmp_path, entry_points="true")


def test_errors_of_the_start_are_ours():
    assert issubclass(PluginError, StudiumError)
