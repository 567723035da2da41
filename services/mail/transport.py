"""Hands a message to the SMTP server, and sorts what it answers into the errors of this package.

Imports `smtplib`, so import this module where a mail is sent. Server's words may hold addresses: errors tell their codes only,
and are raised `from None`, or the words would stand in the traceback that a job keeps.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Iterator
from email.message import EmailMessage

from studium.core.logs import get_logger
from studium.services.mail.addresses import domain_of
from studium.services.mail.errors import MailDown, MailError, MessageRefused, RecipientRefused
from studium.services.mail.replies import TOO_LARGE, is_about_the_sender, is_dead_address, status_of
from studium.services.mail.settings import MailSettings

log = get_logger(__name__)
GOODBYE_SECONDS = 2.0


def deliver(message: EmailMessage, recipient: str, settings: MailSettings) -> None:
    """Hand the message over; when this returns the server has taken it, whatever happens to the connection afterwards.

    Raises MailDown, RecipientRefused or MessageRefused. After MailDown the server may have the message nevertheless: where the
    connection broke between the end of the message and the answer to it.
    """
    with _connected(settings) as server:
        try:
            server.send_message(message, from_addr=settings.return_path or settings.sender, to_addrs=[recipient])
        except smtplib.SMTPNotSupportedError:  # an address that is not ASCII, and a server without SMTPUTF8 (RFC 6531)
            raise RecipientRefused("The mail server cannot send to addresses with such letters (no SMTPUTF8).") from None
        except smtplib.SMTPRecipientsRefused as error:
            code, answer = error.recipients[recipient]
            raise _about_recipient(code, answer) from None
        except smtplib.SMTPSenderRefused as error:
            raise _about_sender(error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPDataError as error:
            raise _about_message(error.smtp_code, error.smtp_error) from None


def probe(settings: MailSettings) -> None:
    """Connect, log in and ask whether the sender may send, without sending anything. Raises MailDown with the reason."""
    with _connected(settings) as server:
        server.ehlo_or_helo_if_needed()
        code, answer = server.mail(settings.return_path or settings.sender)
        if code != 250:
            raise MailDown(f"The mail server does not accept the sender: {_told(code, answer)}.")


@contextlib.contextmanager
def _connected(settings: MailSettings) -> Iterator[smtplib.SMTP]:
    """A connection, logged in. What breaks it is MailDown; what breaks while it is taken leave of does not matter."""
    try:
        server = _open(settings)
        try:
            _log_in(server, settings)
            yield server
        finally:
            _leave(server)
    except MailError:
        raise
    except smtplib.SMTPResponseException as error:
        raise MailDown(f"The mail server is not ready: {_told(error.smtp_code, error.smtp_error)}.", for_all=True) from None
    except ssl.SSLError as error:
        raise MailDown(f"There is no safe connection to the mail server: {error.reason or 'TLS failed'}.", for_all=True) from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailDown(f"The mail server does not answer ({type(error).__name__}).", for_all=True) from error


def _open(settings: MailSettings) -> smtplib.SMTP:
    """The domain of the sender is how we say hello: the library would ask the name service for our own name, which may take long."""
    me, context = domain_of(settings.sender), ssl.create_default_context()
    if settings.security == "tls":
        return smtplib.SMTP_SSL(settings.host, settings.real_port, me, timeout=settings.timeout, context=context)
    server = smtplib.SMTP(settings.host, settings.real_port, me, timeout=settings.timeout)
    if settings.security == "starttls":
        try:
            server.starttls(context=context)
        except smtplib.SMTPNotSupportedError as error:
            _leave(server)
            raise MailDown("The mail server offers no TLS (STARTTLS), so nothing was sent.", for_all=True) from error
        except BaseException:
            server.close()
            raise
    return server


def _log_in(server: smtplib.SMTP, settings: MailSettings) -> None:
    if settings.password is None:
        return
    try:
        server.login(settings.username, settings.password.get_secret_value())
    except smtplib.SMTPNotSupportedError as error:
        raise MailDown("The mail server offers no login.", for_all=True) from error
    except smtplib.SMTPAuthenticationError as error:
        told = _told(error.smtp_code, error.smtp_error)
        raise MailDown(f"The mail server refuses the user name or the password: {told}.", for_all=True) from None


def _leave(server: smtplib.SMTP) -> None:
    """Say goodbye, briefly: a server that is gone or slow by then has the message all the same, and until we have gone nobody knows."""
    try:
        if server.sock is not None:
            server.sock.settimeout(GOODBYE_SECONDS)
            server.docmd("QUIT")
    except (smtplib.SMTPException, OSError) as error:
        log.debug("mail_goodbye_failed", error=type(error).__name__)
    finally:
        server.close()


def _about_recipient(code: int, answer: bytes) -> MailError:
    status = status_of(answer)
    if code < 500 or is_about_the_sender(code, status, answer):
        return MailDown(f"The mail server does not take mail for the recipient now: {_told(code, answer)}.")
    if is_dead_address(code, status):
        return RecipientRefused(f"The mail server knows no such recipient: {_told(code, answer)}.")
    return MessageRefused(f"The mail server refuses mail for the recipient: {_told(code, answer)}.")


def _about_sender(code: int, answer: bytes | str) -> MailError:
    if status_of(answer) in TOO_LARGE or code == 552:
        return MessageRefused(f"The mail is too large for the server: {_told(code, answer)}.")
    return MailDown(f"The mail server does not accept the sender: {_told(code, answer)}.")


def _about_message(code: int, answer: bytes | str) -> MailError:
    """Some servers speak of the recipient after the message only; there a bare 550 may mean anything."""
    status = status_of(answer)
    if code < 500 or is_about_the_sender(code, status, answer):
        return MailDown(f"The mail server does not take the mail now: {_told(code, answer)}.")
    if status and is_dead_address(code, status):
        return RecipientRefused(f"The mail server knows no such recipient: {_told(code, answer)}.")
    return MessageRefused(f"The mail server refuses the mail: {_told(code, answer)}.")


def _told(code: int, answer: bytes | str) -> str:
    return f"{code} {status_of(answer)}".strip()
