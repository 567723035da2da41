"""How long somebody has to wait, in words."""

from __future__ import annotations

import math
from gettext import NullTranslations

from flask import has_request_context

from studium.core.errors import Unauthorized
from studium.services.languages import LANGUAGES, language
from studium.services.translation import translator

MINUTE, HOUR = 60, 3600  # seconds
SMALLEST = 1.5  # of the larger unit: "90 seconds" is nearer to the truth than "2 minutes"


def waiting_words(seconds: float, texts: NullTranslations) -> str:
    """"Please wait 5 minutes, then try again." in the language of `texts`; rounded up, so that who waits so long has waited enough."""
    if seconds > SMALLEST * HOUR:
        number = math.ceil(seconds / HOUR)
        text = texts.ngettext("Please wait %(number)s hour, then try again.", "Please wait %(number)s hours, then try again.", number)
    elif seconds > SMALLEST * MINUTE:
        number = math.ceil(seconds / MINUTE)
        text = texts.ngettext("Please wait %(number)s minute, then try again.", "Please wait %(number)s minutes, then try again.", number)
    else:
        number = max(1, math.ceil(seconds))
        text = texts.ngettext("Please wait %(number)s second, then try again.", "Please wait %(number)s seconds, then try again.", number)
    return text % {"number": number}


def texts_of_reader() -> NullTranslations:
    """The texts in the language of who sent this request; English outside of requests, and for a program whose token is unknown."""
    try:
        return translator(language() if has_request_context() else LANGUAGES[0])
    except Unauthorized:
        return translator(LANGUAGES[0])
