"""Sends a mail: by the school's SMTP server, or into the outbox."""

from __future__ import annotations

from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.services.mail.errors import MailDown
from studium.services.mail.letter import Mail
from studium.services.mail.settings import MailSettings

log = get_logger(__name__)


def mail_is_set_up() -> bool:
    """Whether mail goes anywhere: in production by a server only, elsewhere at least into the outbox."""
    settings = runtime().settings
    return bool(settings[MailSettings].host) or settings.core.env != "production"


def send_mail(mail: Mail) -> str:
    """Send the mail, outside of any transaction; answers its Message-ID, which is the same when it is sent again.

    Raises MailDown, RecipientRefused or MessageRefused.
    """
    if not mail_is_set_up():
        raise MailDown("There is no mail server. Set STUDIUM_MAIL_HOST and STUDIUM_MAIL_SENDER.")
    # `email` and `smtplib` need 3 MB, which programs that send nothing can do without.
    from studium.services.mail.composing import compose

    settings = runtime().settings[MailSettings]
    message = compose(mail, settings)
    if settings.host:
        from studium.services.mail.transport import deliver

        deliver(message, mail.to, settings)
        log.info("mail_sent", message_id=str(message["Message-ID"]))
    else:
        from studium.services.mail import outbox

        outbox.keep(message)
    return str(message["Message-ID"])
