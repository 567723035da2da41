"""What the bot does and says to each thing that people can ask of it."""

from __future__ import annotations

from collections.abc import Callable
from gettext import NullTranslations

from studium.core.runtime import runtime
from studium.plugins.telegram import challenges
from studium.plugins.telegram.bot_messages import BotMessage, Button
from studium.plugins.telegram.bot_reading import BotUpdate, Sender
from studium.plugins.telegram.challenges import Challenge
from studium.plugins.telegram.wrong_answers import seconds_refused
from studium.services.languages import LANGUAGES
from studium.services.people import find_person
from studium.services.site import absolute_url, site_name
from studium.services.translation import translator
from studium.services.waiting import waiting_words

NOT_ME = "no"


def answers(update: BotUpdate) -> list[BotMessage]:
    """Do what the update asks for, in the open transaction; the messages to be sent."""
    if update.verb in ("blocked", "unblocked"):
        return []
    if update.verb == "choice":
        return [_choice(update)]
    if update.verb == "start" and update.token_hash:
        return [_start_with_link(update)]
    done = {"start": _greet, "stop": _stop, "help": _help, "other": _help}
    return [done[update.verb](update)]


def language_of(sender: Sender, otherwise: str | None = None) -> str:
    """The language to speak: that of the person's account, as notices do, else of their Telegram, else `otherwise`, else English."""
    person = find_person(runtime().hooks.find_user_id(telegram_id=sender.id))
    wishes = (person.language if person else None, sender.language_code[:2].lower(), otherwise)
    return next((known for known in wishes if known in LANGUAGES), LANGUAGES[0])


def _start_with_link(update: BotUpdate) -> BotMessage:
    if seconds_refused(update.sender.id):
        return _say(update, _too_often(update), key="too-often")
    challenge = challenges.claim(update.token_hash, update.sender.identity)
    _ = _texts(update, challenge.language if challenge else None).gettext
    if challenge is None:
        text = _("This link is over: it was used already, was cancelled or is older than 10 minutes. It signs nobody in.\n\n"
                 "To sign in, open %(address)s and choose Telegram there.")
        return _say(update, text % _words(), key="over")
    text = _("Sign in to %(school)s?\n\nWhich number does the page show?\n\nAnswer only if you have that page in front of you. Did "
             "somebody send you this link? Then press “It was not me”: otherwise they could be signed in as you.")
    return BotMessage(chat_id=update.sender.id, text=text % _words(), buttons=_buttons(challenge, _), until=challenge.expires_at,
                      key=f"link-{challenge.id}")


def _choice(update: BotUpdate) -> BotMessage:
    outcome = _answer(update)
    _ = _texts(update).gettext
    text = {
        "confirmed": _("Done. Go back to your browser: the page signs you in by itself."),
        "wrong": _("That is not the number on the page, so this sign-in is cancelled and nobody is signed in. To try again, begin anew on "
                   "the page."),
        "refused": _("Cancelled. Nobody is signed in. There is nothing else to do."),
        "too_often": _too_often(update),
        "over": _("This question is over. Nothing was changed by your answer."),
    }[outcome]
    return BotMessage(chat_id=update.sender.id, text=text, replaces=update.message_id, heard=update.callback_id)


def _answer(update: BotUpdate) -> str:
    """What came of the pressed button; "over" for one that is not ours."""
    challenge_id, _colon, chosen = update.choice.partition(":")
    if not (challenge_id.isdecimal() and len(challenge_id) <= 18 and (chosen == NOT_ME or (chosen.isdecimal() and len(chosen) == 2))):
        return "over"
    return challenges.answer(int(challenge_id), update.sender.id, None if chosen == NOT_ME else int(chosen))


def _too_often(update: BotUpdate) -> str:
    """What somebody hears who pressed too many wrong numbers, with the real time to wait."""
    texts = _texts(update)
    text = texts.gettext("Too many wrong numbers were pressed in this chat, so nobody is signed in here for a while. %(wait)s\n\nDid "
                         "somebody send you these links? Then press nothing: they could be signed in as you.")
    return text % {"wait": waiting_words(seconds_refused(update.sender.id), texts)}


def _greet(update: BotUpdate) -> BotMessage:
    _ = _texts(update).gettext
    name = update.sender.first_name or update.sender.username
    hello = _("Hello, %(name)s!") % {"name": name} if name else _("Hello!")
    if update.asks_notices and runtime().hooks.find_user_id(telegram_id=update.sender.id) is not None:
        text = _("From now on news of your courses at %(school)s comes here; choose which at %(account)s. /stop ends that.")
        return _say(update, f"{hello} {text % _words()}", key="notices")
    text = _("This is the bot of %(school)s. It signs you in: open %(address)s, choose Telegram there, and follow the link to me.\n\n"
             "It also brings you news of your courses; choose which at %(account)s. /stop ends that, /help tells what I can do.")
    return _say(update, f"{hello} {text % _words()}", key="greeting")


def _stop(update: BotUpdate) -> BotMessage:
    cancelled = challenges.cancel_all(update.sender.id)
    _ = _texts(update).gettext
    done = _("Sign-ins that were waiting for you are cancelled.") + " " if cancelled else ""
    text = _("I bring you no more news. I still answer when you write to me or sign in here. Where you are signed in stays signed in; "
             "sign out at %(site)s. /start brings the news back.")
    return _say(update, done + text % _words(), key="stop")


def _help(update: BotUpdate) -> BotMessage:
    _ = _texts(update).gettext
    text = _("I sign people in to %(school)s:\n\n1. Open %(address)s and choose Telegram.\n2. Follow the link to me and press Start.\n"
             "3. Press the number that the page shows. The page then signs you in.\n\nI also bring you news of your courses; choose "
             "which at %(account)s.\n\n/stop ends that and cancels a sign-in that waits; /start brings the news back.")
    return _say(update, text % _words(), key="help")


def _say(update: BotUpdate, text: str, key: str) -> BotMessage:
    """An answer of which one at a time is enough, however often somebody writes."""
    return BotMessage(chat_id=update.sender.id, text=text, key=key)


def _buttons(challenge: Challenge, _: Callable[[str], str]) -> tuple[tuple[Button, ...], ...]:
    numbers = tuple(Button(shown=str(number), data=f"{challenge.id}:{number}") for number in challenge.choices)
    return numbers, (Button(shown=_("It was not me"), data=f"{challenge.id}:{NOT_ME}"),)


def _texts(update: BotUpdate, otherwise: str | None = None) -> NullTranslations:
    return translator(language_of(update.sender, otherwise))


def _words() -> dict[str, str]:
    return {"school": site_name(), "address": absolute_url("/login"), "site": absolute_url("/"),
            "account": absolute_url("/account#notifications")}
