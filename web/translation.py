"""Languages of pages: the reader's language for each request, and one catalog folder per plugin that ships texts."""

from __future__ import annotations

from flask import Flask, has_request_context
from flask_babel import Babel

from studium.services.languages import language
from studium.services.translation import translation_folders
from studium.services.users import current_user


def init_translation(app: Flask) -> None:
    """Install Flask-Babel with the catalogs of all loaded plugins (`translations/` beside their `__init__.py`)."""
    Babel(
        app,
        locale_selector=_locale,
        timezone_selector=_time_zone,
        default_translation_directories=";".join(str(folder) for folder in translation_folders()),
    )


def _locale() -> str | None:
    return language() if has_request_context() else None


def _time_zone() -> str | None:
    user = current_user() if has_request_context() else None
    return user.time_zone if user else None
