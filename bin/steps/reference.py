"""The reference pages that are made from the code: docs/settings.md and docs/hooks.md. `--check` compares instead of writing."""

from __future__ import annotations

import inspect
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy
from pydantic import SecretStr

from studium.core import hookspecs
from studium.core.app import load
from studium.core.runtime import collect
from studium.core.settings import CoreSettings, Section

DOCS = Path(__file__).resolve().parents[2] / "docs"
LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than",
          "min_length": "length at least", "max_length": "length at most"}
SETTINGS_HEAD = """# Settings

Every setting is an environment variable, read once when a program starts. A name that is not in this list, or a value that does not fit,
stops the start with a sentence that says which and why. `studium settings` shows the present values. This page is made by `bin/docs`.
"""
HOOKS_HEAD = """# Hooks

All hooks that a plugin may implement, with `from studium.core.plugins import hookimpl`. A plugin is a module (or package) that holds the
functions; a hook whose name nobody knows stops the start. This page is made by `bin/docs` from the specifications.

- `register_...`: asked once, at start. - *first answer*: plugins are asked one after the other until one does not answer None.
- past tense: a fact, delivered after the commit, at least once to each plugin, so implementations must be safe to repeat.
"""


def main() -> None:
    """Write both pages, or with --check exit with 1 when one is not what it should be."""
    with tempfile.TemporaryDirectory() as folder:
        _settings, plugins = load({"STUDIUM_ENV": "test", "STUDIUM_DATA_DIR": folder, "STUDIUM_ENTRY_POINTS": "false"})
    stale = [name for name, write in PAGES.items() if not _is_kept(DOCS / name, write(plugins), "--check" in sys.argv)]
    if stale:
        sys.exit(f"not up to date, run bin/docs: {', '.join(stale)}")


def settings_page(plugins: pluggy.PluginManager) -> str:
    """A table a section."""
    sections = (CoreSettings, *collect(plugins.hook.register_settings))
    return SETTINGS_HEAD + "".join("\n".join(_section(section)) for section in sections)


def hooks_page(plugins: pluggy.PluginManager) -> str:
    """A heading a hook, the core's first."""
    modules = (hookspecs, *collect(plugins.hook.register_hookspecs))
    return HOOKS_HEAD + "".join("\n".join(_hooks_of(module, plugins)) for module in modules)


PAGES: dict[str, Callable[[pluggy.PluginManager], str]] = {"settings.md": settings_page, "hooks.md": hooks_page}


def _section(section: type[Section]) -> Iterator[str]:
    yield f"\n## {section.__module__}\n"
    yield "| setting | default | what it is |\n|---|---|---|"
    for name, field in section.env_names().items():
        info = section.model_fields[field]
        yield f"| `{name}` | {_default(info.default)} | {info.description}{_limits(info)} |"
    yield ""


def _default(value: object) -> str:
    if value is None or isinstance(value, SecretStr):
        return "none"
    if isinstance(value, tuple):
        return ", ".join(f"`{part}`" for part in value) or "none"
    return f"`{value}`"


def _limits(info: Any) -> str:
    """Allowed values, in words."""
    limits = [f"{words} {getattr(limit, key)}" for limit in info.metadata for key, words in LIMITS.items()
              if getattr(limit, key, None) is not None]
    if "Literal" in str(info.annotation):
        limits.append("one of " + ", ".join(f"`{value}`" for value in info.annotation.__args__))
    return f" ({', '.join(limits)})" if limits else ""


def _hooks_of(module: ModuleType, plugins: pluggy.PluginManager) -> Iterator[str]:
    source = module.__name__.removeprefix("studium.").replace(".", "/") + ".py"
    yield f"\n## Of {source}\n"
    for name, function in vars(module).items():
        options = getattr(function, "studium_spec", None)
        if options is None:
            continue
        kind = " *(first answer)*" if options.get("firstresult") else ""
        yield f"### {name}{kind}\n\n```python\n{_signature(name, function)}\n```\n\n{inspect.getdoc(function)}\n"
        users = [impl.plugin_name for impl in getattr(plugins.hook, name).get_hookimpls()]
        yield f"Implemented by: {', '.join(f'`{user}`' for user in users) or 'no first-party plugin yet'}.\n"


def _signature(name: str, function: Callable[..., object]) -> str:
    signature = inspect.signature(function)
    arguments = ", ".join(f"{key}: {parameter.annotation}" for key, parameter in signature.parameters.items())
    return f"def {name}({arguments}) -> {signature.return_annotation}"


def _is_kept(path: Path, text: str, only_compare: bool) -> bool:
    if only_compare:
        return path.exists() and path.read_text() == text
    path.write_text(text)
    return True


if __name__ == "__main__":
    main()
