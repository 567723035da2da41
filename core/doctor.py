"""`studium doctor`: looks at everything that a site needs, and says what is wrong and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import pluggy

from studium.core import doctor_checks
from studium.core.app import create_app, load
from studium.core.errors import StudiumError
from studium.core.findings import Finding, red
from studium.core.runtime import collect, runtime
from studium.core.settings import Settings


@dataclass(frozen=True)
class Report:
    """What was found, in the order of looking."""

    findings: tuple[Finding, ...]

    @property
    def level(self) -> Literal["ok", "warning", "red"]:
        """The worst of all."""
        levels = {finding.level for finding in self.findings}
        return "red" if "red" in levels else "warning" if "warning" in levels else "ok"


def examine(environ: Mapping[str, str]) -> Report:
    """Look at everything that can be looked at: what needs a part that is broken is left out."""
    try:
        settings, plugins = load(environ)
    except StudiumError as error:
        return Report((red("settings", str(error), "Correct the setting; `studium settings` lists them all. Then ask again."),))
    found = [finding for check in doctor_checks.BEFORE_THE_APP for finding in _try(check, settings)]
    found += _try(lambda given: doctor_checks.migrations(given, collect(plugins.hook.register_migrations)), settings)
    if not any(finding.level == "red" for finding in found):
        found += _with_app(environ, settings, plugins)
    return Report(tuple(found))


def _with_app(environ: Mapping[str, str], settings: Settings, plugins: pluggy.PluginManager) -> list[Finding]:
    try:
        app = create_app(environ, program="cli")
    except StudiumError as error:
        return [red("start", str(error), "The site does not start like this.")]
    with app.app_context():
        checks = [*doctor_checks.WITH_THE_APP, *collect(runtime().hooks.register_doctor_checks)]
        return [finding for check in checks for finding in _try(check, settings)]


def _try(check: Callable[[Settings], Iterable[Finding]], settings: Settings) -> list[Finding]:
    """The findings of a check; one that breaks is a finding itself, and stops no other."""
    try:
        return list(check(settings))
    except Exception as error:  # noqa: BLE001  it is a finding
        name = getattr(check, "__name__", "check").strip("_<>").replace("_", " ")
        return [red(name, f"could not be checked: {type(error).__name__}: {error}", "Please report this; it is a mistake in the check.")]
