"""The sentences that scripts say, translated on the server; {names} are filled in by web/static/js/page.js. And the titles of job kinds."""

from __future__ import annotations

from flask_babel import gettext as _

from studium.services.translation import N_

# Kinds declare their titles in English. Those of the queue itself are out of reach of the extraction of texts, so they are listed here.
KIND_TITLES = (N_("Greeting"),)


def texts_for_scripts() -> dict[str, str]:
    """Key -> sentence in the reader's language."""
    return _player_texts() | _progress_texts() | _job_texts()


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


def _job_texts() -> dict[str, str]:
    return {
        "job_started": _("{title}: started"),
        "job_percent": _("{title}: {percent}"),
        "job_ended": _("{title}: {words}"),
        "job_offline": _("No connection. Press again as soon as you are online; nothing is done twice."),
        "job_signed_out": _("You are signed out. Sign in again, then press once more."),
        "job_not_sent": _("This did not work. Please try again in a moment."),
    }
