"""Loads plugins into one pluggy manager an app; a plugin that fails to load stops the start with its name and the cause."""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points

import pluggy

from studium.core.errors import PluginError
from studium.core.settings import CoreSettings

PROJECT = "studium"
ENTRY_POINT_GROUP = "studium.plugins"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


def load_plugins(core: CoreSettings) -> pluggy.PluginManager:
    """Load the first-party plugins in order, then the extra ones, then those of installed packages.

    Raises PluginError naming the plugin that cannot be imported, and any hook implementation that no specification knows.
    """
    from studium.core import hookspecs  # the specifications use the markers above

    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    for name in (*core.plugins, *core.extra_plugins):
        _register(manager, name)
    if core.entry_points:
        _register_installed(manager)
    try:
        for specs in manager.hook.register_hookspecs():
            for module in specs:
                manager.add_hookspecs(module)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginError(f"{error}. Is a name misspelt? core/hookspecs.py and services/hookspecs.py list all hooks with their "
                          "arguments.") from error
    return manager


def _register(manager: pluggy.PluginManager, name: str) -> None:
    try:
        manager.register(importlib.import_module(name), name=name)
    except Exception as error:
        raise PluginError(f"Plugin {name} cannot be loaded: {type(error).__name__}: {error}") from error


def _register_installed(manager: pluggy.PluginManager) -> None:
    for point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            manager.register(point.load(), name=point.name)
        except Exception as error:
            raise PluginError(f"Plugin {point.name} ({point.value}) cannot be loaded: {type(error).__name__}: {error}") from error
