"""What `studium doctor` looks at: the mail server, whether it takes the school's mail, and where links in mail lead."""

from __future__ import annotations

from collections.abc import Iterator

from studium.core.findings import Finding, ok, red, warning
from studium.core.settings import Settings, is_loopback
from studium.services.mail.errors import MailDown
from studium.services.mail.settings import MailSettings

SERVER, LINKS = "Mail server", "Links in mail"


def look_at_mail(settings: Settings) -> Iterator[Finding]:
    """Connect, log in and ask whether the sender is accepted; nothing is sent."""
    found = settings[MailSettings]
    if not found.host:
        yield _without(settings)
        return
    from studium.services.mail.transport import probe  # with smtplib, for one command

    try:
        probe(found)
    except MailDown as error:
        yield red(SERVER, f"{found.host}:{found.real_port}: {error}", _fix(str(error)))
    else:
        yield ok(SERVER, f"{found.host}:{found.real_port} takes mail of {found.sender}; try it: studium mail test ADDRESS")
    if found.security == "none" and not is_loopback(found.host):
        yield warning(SERVER, "Mail goes to another machine in the open.", "Set STUDIUM_MAIL_SECURITY to starttls or tls.")
    if settings.core.public_url is None and settings.core.env == "production":
        yield red(LINKS, "STUDIUM_PUBLIC_URL is not set, so links in mail lead nowhere.", "Set it to the site's https address.")
    elif settings.core.env == "production" and not str(settings.core.public_url).startswith("https://"):
        yield warning(LINKS, "STUDIUM_PUBLIC_URL is no https address, so mail programs offer no one-click unsubscribing (RFC 8058).",
                      "Set it to the site's https address.")


def _without(settings: Settings) -> Finding:
    if settings.core.env == "production":
        return warning(SERVER, "None is set up, so nobody gets notices by e-mail.", "Set STUDIUM_MAIL_HOST and STUDIUM_MAIL_SENDER.")
    return ok(SERVER, "none is set up; mail lies in outbox/ of the data folder")


def _fix(error: str) -> str:
    if "user name" in error or "login" in error:
        return "Check STUDIUM_MAIL_USERNAME and STUDIUM_MAIL_PASSWORD; some services want a password for programs."
    if "sender" in error:
        return "Check STUDIUM_MAIL_SENDER (and _RETURN_PATH): the server accepts addresses of its own domains only, and may want a login."
    if "safe connection" in error or "TLS" in error:
        return ("Set STUDIUM_MAIL_SECURITY to tls (port 465), starttls (587), or none for a server on this machine; for a certificate of "
                "one's own set SSL_CERT_FILE.")
    return "Check STUDIUM_MAIL_HOST, _PORT and _SECURITY, and whether the firewall lets mail out."
