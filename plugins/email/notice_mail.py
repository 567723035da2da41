"""Makes a mail of a message of notices: of one, or of a digest."""

from __future__ import annotations

from studium.plugins.email.letters import Letter, Link, Part, as_html, as_text
from studium.services.mail import Mail
from studium.services.notifications.channels import Message, NoticeText
from studium.services.translation import translator

DIGEST = "digest"


def mail_of(message: Message) -> Mail:
    """The mail, with the headers by which programs know that a machine wrote it, and how to end it."""
    letter = _letter(message)
    return Mail(key=message.key, to=message.address, name=message.name, subject=message.subject, text=as_text(letter),
                html=as_html(letter), headers=headers_of(message))


def headers_of(message: Message) -> dict[str, str]:
    """Auto-Submitted (RFC 3834) keeps holiday answers away; Feedback-ID groups complaints at Gmail; unsubscribing by RFC 2369 and 8058, of
    which the latter is for https alone.
    """
    event = message.notices[0].event if len(message.notices) == 1 else DIGEST
    found = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "Feedback-ID": f"{event}:notice:studium"}
    if message.unsubscribe_url:
        found["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
        if message.unsubscribe_url.startswith("https://"):
            found["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return found


def _letter(message: Message) -> Letter:
    _ = translator(message.language).gettext
    links = [Link(_("Choose what you are told"), message.settings_url)]
    if message.unsubscribe_url:
        links.append(Link(_("Unsubscribe"), message.unsubscribe_url))
    return Letter(message.language, message.subject, message.intro, _parts(message),
                  _("You get this mail because you gave this address to your account."), tuple(links))


def _parts(message: Message) -> tuple[Part, ...]:
    """Of a single notice the subject is the heading already; of several each says when it was."""
    if len(message.notices) == 1:
        notice = message.notices[0]
        title = "" if notice.subject == message.subject else notice.subject
        return (Part(title, notice.text, notice.action, notice.url),)
    return tuple(Part(notice.subject, notice.text, notice.action, notice.url, _when(notice, message)) for notice in message.notices)


def _when(notice: NoticeText, message: Message) -> str:
    """Day and time where the reader is."""
    from studium.services.moment_format import format_moment  # with Babel, which needs megabytes: idle workers do without it

    return format_moment(notice.at, message.language, message.time_zone, year=False)
