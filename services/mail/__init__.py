"""Mail: what goes to one address, composed, and carried by the school's SMTP server, or kept in an outbox where there is none.

`smtplib` and `email` are loaded by the first mail only: most programs never send one.
"""

from studium.services.mail.errors import MailDown, MailError, MessageRefused, RecipientRefused
from studium.services.mail.letter import Mail
from studium.services.mail.sending import mail_is_set_up, send_mail

__all__ = ["Mail", "MailDown", "MailError", "MessageRefused", "RecipientRefused", "mail_is_set_up", "send_mail"]
