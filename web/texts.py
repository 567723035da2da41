"""The sentences that scripts say, translated on the server; {names} are filled in by web/static/js/page.js."""

from __future__ import annotations

from flask_babel import gettext as _


def texts_for_scripts() -> dict[str, str]:
    """Key -> sentence in the reader's language."""
    return _player_texts() | _progress_texts()


def _player_texts() -> dict[str, str]:
    return {
        "play": _("Play"),
        "pause": _("Pause"),
        "mute": _("Mute"),
        "unmute": _("Unmute"),
        "muted": _("Sound off"),
        "unmuted": _("Sound on"),
        "volume": _("Volume {percent}"),
        "speed": _("Speed {rate}"),
        "fullscreen": _("Full screen"),
        "exit_fullscreen": _("Leave full screen"),
        "captions_on": _("Captions: {language}"),
        "captions_off": _("Captions off"),
        "time_of": _("{time} of {duration}"),
        "resumed_at": _("You stopped at {time}."),
        "start_over": _("Start over"),
        "continue_at": _("Continue at {time}"),
        "continue_phone": _("You are at {time} on your phone."),
        "continue_elsewhere": _("You are at {time} in another window or device."),
        "load_failed": _("The video stopped loading."),
        "try_again": _("Try again"),
        "signed_out": _("You are signed out. Sign in again, so that what you watch is saved."),
    }


def _progress_texts() -> dict[str, str]:
    return {
        "completed": _("Completed"),
        "watched_percent": _("{percent} watched"),
        "still_need": _("You still need {time}"),
        "lessons_done": _("{done} of {all} lessons"),
        "said_percent": _("{title}: {percent} watched"),
        "said_completed": _("{title}: lesson completed"),
        "not_saved": _("This could not be saved. Please try again."),
    }
