"""How the school sends mail: `STUDIUM_MAIL_*`."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from studium.core.settings import Section, is_loopback
from studium.services.mail.addresses import read_address

PORTS = {"starttls": 587, "tls": 465, "none": 25}  # RFC 6409, RFC 8314, RFC 5321


class MailSettings(Section):
    """STUDIUM_MAIL_..."""

    prefix: ClassVar[str] = "MAIL"

    host: str = Field("", pattern=r"^[A-Za-z0-9.:_-]*$", description="name of the SMTP server that takes the school's mail; without one "
                      "production sends no mail, and elsewhere it lies in outbox/ of the data folder")
    port: int | None = Field(None, ge=1, le=65535, description="its port; unset: 587 for starttls, 465 for tls, 25 for none")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="starttls: begins in the open and refuses to go on without TLS; tls: TLS from the first byte; none: in the "
        "open, for a server on this machine")
    username: str = Field("", description="user name at the server, where it wants one")
    password: SecretStr | None = Field(None, description="password at the server")
    sender: str = Field("", description="address that mail comes from, such as school@learn.example; its domain should have SPF and DKIM")
    reply_to: str = Field("", description="address that answers go to; the sender when unset")
    return_path: str = Field("", description="address that bounces go to, such as that of a pipe to `studium mail bounce`; the sender when "
                             "unset")
    timeout: float = Field(20.0, gt=0, le=300, description="longest wait for one answer of the server, in seconds")

    @field_validator("sender", "reply_to", "return_path")
    @classmethod
    def _address(cls, value: str) -> str:
        return read_address(value) if value else ""

    @model_validator(mode="after")
    def _whole(self) -> MailSettings:
        if self.host and not self.sender:
            raise ValueError("STUDIUM_MAIL_HOST is set, so set STUDIUM_MAIL_SENDER too, such as school@learn.example")
        if bool(self.username) != bool(self.password):
            missing = "PASSWORD" if self.username else "USERNAME"
            raise ValueError(f"STUDIUM_MAIL_{missing} is missing; a server wants both a user name and a password, or neither")
        if self.password and self.security == "none" and not is_loopback(self.host):
            raise ValueError("STUDIUM_MAIL_SECURITY=none would send the password over the network for everybody to read; use starttls or "
                             "tls")
        return self

    @property
    def real_port(self) -> int:
        """The port, or the usual one."""
        return self.port or PORTS[self.security]
