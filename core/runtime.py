"""What one process of Studium is made of: its settings and its plugins, reached through the Flask app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pluggy
from flask import current_app

from studium.core.settings import Settings

if TYPE_CHECKING:
    from studium.core.health import HealthCheck

EXTENSION = "studium"


@dataclass(frozen=True)
class Runtime:
    """Settings, plugins and role of a process; `hooks.<name>(argument=...)` calls every plugin."""

    settings: Settings
    plugins: pluggy.PluginManager
    program: str

    @property
    def hooks(self) -> Any:
        """The pluggy relay."""
        return self.plugins.hook

    @property
    def health_checks(self) -> list[HealthCheck]:
        """Checks of all plugins, in order of loading."""
        return collect(self.hooks.register_health_checks)


def collect(hook: Any) -> list[Any]:
    """Call a `register_*` hook and join the answers in the order of loading (pluggy answers last-loaded first)."""
    joined: list[Any] = []
    for answer in reversed(hook()):
        joined.extend(answer if isinstance(answer, list | tuple) else [answer])
    return joined


def runtime() -> Runtime:
    """The runtime of the current app; raises RuntimeError outside an app context, with Flask's explanation."""
    return cast(Runtime, current_app.extensions[EXTENSION])
