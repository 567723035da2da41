"""What must not be there in production: a debugger, plugins that simulate the world, and views that ask for no proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import Flask

from studium.core.errors import SettingsError
from studium.core.settings import CoreSettings

TESTING = "studium.testing"
OFF = ("", "0", "false", "no", "off")

V = TypeVar("V", bound=Callable[..., Any])


def development_only(view: V) -> V:
    """Mark a view that must not exist in production, such as a sign-in without proof; there the app does not start with it."""
    view.development_only = True  # type: ignore[attr-defined]
    return view


def refuse_in_production(core: CoreSettings, environ: Mapping[str, str]) -> None:
    """Raise SettingsError when production is given a debugger or a simulator."""
    if core.env != "production":
        return
    if environ.get("FLASK_DEBUG", "").strip().lower() not in OFF:
        raise SettingsError("FLASK_DEBUG is set, and STUDIUM_ENV is production: a debugger lets strangers run code. Unset FLASK_DEBUG.")
    if simulators := [name for name in (*core.plugins, *core.extra_plugins) if f"{name}.".startswith(f"{TESTING}.")]:
        raise SettingsError(f"{', '.join(simulators)} plays other people's services for tests, where anybody is whoever they like. Take it "
                            "out of STUDIUM_PLUGINS and STUDIUM_EXTRA_PLUGINS, or leave STUDIUM_ENV=production.")


def refuse_app_in_production(app: Flask, core: CoreSettings) -> None:
    """Raise SettingsError when the finished app of production debugs, or has a view that is for development only."""
    if core.env != "production":
        return
    if app.debug:
        raise SettingsError("The app is in debug mode, and STUDIUM_ENV is production. Turn app.debug off.")
    if found := [rule.rule for rule in app.url_map.iter_rules()
                 if getattr(app.view_functions[rule.endpoint], "development_only", False)]:
        raise SettingsError(f"{', '.join(sorted(found))} is for development only, and STUDIUM_ENV is production. Its plugin must not "
                            "register it there.")
