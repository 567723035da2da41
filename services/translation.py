"""Texts in a language that is given by name, for work outside of requests: jobs, and what they write into files.

Only the standard library's gettext: a worker need not carry Flask-Babel. Pages translate by the request, in web/translation.py.
"""

from __future__ import annotations

import gettext
from functools import lru_cache
from pathlib import Path

from studium.core.runtime import runtime
from studium.services.languages import LANGUAGES

DOMAIN = "messages"


def translator(language: str) -> gettext.NullTranslations:
    """The texts of all loaded plugins in `language`; `.gettext(text)` and `.ngettext(one, many, number)` answer in it.

    A text that nobody translated, and any text in an unknown language, stays English, as it is written in the code. Bind the method to
    `_`, so that pybabel finds the texts: `_ = translator(params.language).gettext`.
    """
    if language not in LANGUAGES:
        return gettext.NullTranslations()
    return _load(language, tuple(translation_folders()))


def translation_folders() -> list[Path]:
    """The catalog folders of the loaded plugins (`translations/` beside their `__init__.py`), the site's own included."""
    files = [getattr(plugin, "__file__", None) for plugin in runtime().plugins.get_plugins()]
    folders = [Path(file).parent / "translations" for file in files if file]
    return sorted(folder for folder in folders if folder.is_dir())


def N_(text: str) -> str:
    """Marks a text that is translated where it is shown, such as the title of a job kind, so that pybabel finds it here."""
    return text


def mark_plural(one: str, many: str) -> tuple[str, str]:
    """Marks both forms of a text that is counted where it is shown, such as the subject and plural of a notification event.

    Import it under the name that pybabel looks for: `from studium.services.translation import mark_plural as ngettext`.
    """
    return one, many


@lru_cache(maxsize=16)
def _load(language: str, folders: tuple[Path, ...]) -> gettext.NullTranslations:
    """One chain of catalogs: a text is looked up in one folder after the other."""
    found = gettext.NullTranslations()
    for folder in reversed(folders):
        file = gettext.find(DOMAIN, str(folder), [language])
        if file is not None:
            with Path(file).open("rb") as opened:
                catalog = gettext.GNUTranslations(opened)
            catalog.add_fallback(found)
            found = catalog
    return found
