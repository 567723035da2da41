"""Pages that play a student's Telegram: the link to the bot is opened here, messages are read and buttons pressed.

Each act becomes an update, which is given to the bot as Telegram does: to the webhook, again and again until it is taken, or by getUpdates.
"""

from __future__ import annotations

import time
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from studium.plugins.auth.demo import DEMO
from studium.services.telegram import SECRET_HEADER
from studium.testing.simulators import telegram_store as store
from studium.testing.simulators.telegram_bot import FAULTS, USERNAME, blueprint, is_address, webhook

LANGUAGES = {1002: "ru", 1003: ""}  # Mia's Telegram does not say
WAITS_AT_MOST = 20.0
LARGEST_PERSON = 2**52


@blueprint.get("")
def people() -> str:
    """Whose Telegram to look at, and the faults of Telegram."""
    return render_template("simulators/telegram.html", people=DEMO, person=None, start=None, faults=FAULTS, fault=store.kept("fault") or "")


@blueprint.post("")
def break_something() -> Response:
    """Switch a fault on or off."""
    fault = request.form.get("fault", "")
    store.keep("fault", fault if fault in FAULTS and fault else None)
    return redirect(url_for("simulated_bot.people"), 303)


@blueprint.get("/t.me/<username>")
def open_link(username: str) -> str:
    """The link to the bot: in whose Telegram does it open?"""
    if username != USERNAME:
        abort(404)
    return render_template("simulators/telegram.html", people=DEMO, person=None, start=request.args.get("start", ""), faults=())


@blueprint.get("/<int:person>")
def phone(person: int) -> str:
    """The chat with the bot. With `start`, the button that Telegram shows for a link."""
    if not 0 < person <= LARGEST_PERSON:
        abort(404)
    lines = store.chat(person)
    waits = any(line.waits_since and time.time() - line.waits_since < WAITS_AT_MOST for line in lines)
    return render_template("simulators/telegram.html", person=_user(person), lines=lines, start=request.args.get("start"), waits=waits,
                           bot=USERNAME, parts=parts_of, blocked=bool(store.kept(f"blocked:{person}")))


@blueprint.post("/<int:person>/say")
def say(person: int) -> Response:
    """The person writes to the bot."""
    text = request.form.get("text", "").strip()[:4096]
    if text:
        line = store.add_line(person, False, text, [])
        _give({"message": {"message_id": line, "date": int(time.time()), "chat": {"id": person, "type": "private"}, "from": _user(person),
                           "text": text}})
    return redirect(url_for("simulated_bot.phone", person=person), 303)


@blueprint.post("/<int:person>/block")
def block(person: int) -> Response:
    """The person blocks the bot {blocked}, or unblocks it."""
    blocked = bool(request.form.get("blocked"))
    store.keep(f"blocked:{person}", blocked or None)
    bot = {"id": 1, "is_bot": True, "first_name": "Studium", "username": USERNAME}
    statuses = ("member", "kicked") if blocked else ("kicked", "member")
    old, new = ({"user": bot, "status": status} for status in statuses)
    _give({"my_chat_member": {"chat": {"id": person, "type": "private"}, "from": _user(person), "date": int(time.time()),
                              "old_chat_member": old, "new_chat_member": new}})
    return redirect(url_for("simulated_bot.phone", person=person), 303)


def parts_of(line: store.Line) -> list[tuple[str, str, str]]:
    """The text of a message in parts: (text, kind, address); marks count in UTF-16 units and do not overlap here."""
    units, at, parts = line.text.encode("utf-16-le"), 0, []
    for mark in sorted(line.entities, key=lambda mark: int(mark["offset"])):
        begin, end = 2 * mark["offset"], 2 * (mark["offset"] + mark["length"])
        url = mark.get("url", "")
        parts += [(units[at:begin].decode("utf-16-le"), "", ""), (units[begin:end].decode("utf-16-le"), mark["type"],
                                                                  url if is_address(url) else "")]
        at = end
    return [*parts, (units[at:].decode("utf-16-le"), "", "")]


@blueprint.post("/<int:person>/press")
def press(person: int) -> Response:
    """The person presses a button of a message."""
    line = int(request.form.get("message", "0"))
    store.press(line)
    _give({"callback_query": {"id": f"press-{line}", "from": _user(person), "data": request.form.get("data", ""), "chat_instance": "1",
                              "message": {"message_id": line, "date": int(time.time()), "chat": {"id": person, "type": "private"}}}})
    return redirect(url_for("simulated_bot.phone", person=person), 303)


def _user(person: int) -> dict[str, Any]:
    """The person as Telegram tells of them; a person who is no demo person has a number only."""
    found = next((one.identity for one in DEMO if one.identity.telegram_id == person), None)
    told = {"first_name": found.first_name, "last_name": found.last_name, "username": found.username} if found else {"first_name": ""}
    told["language_code"] = LANGUAGES.get(person, "en")
    return {"id": person, "is_bot": False} | {name: value for name, value in told.items() if value}


def _give(body: dict[str, Any]) -> None:
    """Put the update with those that wait, and bring all of them to the webhook, if there is one."""
    import requests

    store.add_update(body)
    target = webhook()
    if not target["url"]:
        return
    for update in store.new_updates():
        for _time in range(2 if store.kept("fault") == "duplicate" else 1):
            try:
                answer = requests.post(target["url"], json=update, headers={SECRET_HEADER: target["secret"]}, timeout=10)
            except requests.RequestException as error:
                store.keep("webhook_error", type(error).__name__)
                return  # it comes again with the next one
        if not answer.ok:
            store.keep("webhook_error", f"Wrong response from the webhook: {answer.status_code}")
            return
        store.take_update(update["update_id"])
        store.keep("webhook_error", None)
