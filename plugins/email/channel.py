"""E-mail as a channel of notices."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from studium.plugins.email import addresses
from studium.services.account_sections import section_path
from studium.services.mail import MailDown, MessageRefused, RecipientRefused, mail_is_set_up, send_mail
from studium.services.notifications import channels
from studium.services.notifications.channels import Message, NotificationChannel
from studium.services.translation import N_

BOUNCED = "bounced"


class EmailChannel(NotificationChannel):
    """Mail to the address that the person confirmed. A repeat carries the same Message-ID, by which many mail programs drop it."""

    code = addresses.CHANNEL
    title = N_("E-mail")
    icon = "mail"
    order = 10
    setup_path = section_path("email")

    def is_available(self) -> bool:
        """With a mail server; outside production also without one."""
        return mail_is_set_up()

    def addresses_of(self, user_ids: Collection[int]) -> Mapping[int, str]:
        """Confirmed ones only."""
        return addresses.confirmed_addresses(user_ids)

    def send(self, message: Message) -> str:
        """Compose and send; answers the Message-ID."""
        from studium.plugins.email.notice_mail import mail_of

        try:
            reference = send_mail(mail_of(message))
        except MailDown as error:
            raise channels.ChannelDown(str(error), for_all=error.for_all) from error
        except MessageRefused as error:
            raise channels.MessageRefused(str(error)) from error
        except RecipientRefused as error:
            addresses.refuse(message.address, BOUNCED)
            raise channels.AddressRefused(str(error), BOUNCED) from error
        addresses.mark_well(message.user_id, message.address)
        return reference
