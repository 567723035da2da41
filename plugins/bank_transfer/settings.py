"""The school's bank account, as buyers are told it."""

from __future__ import annotations

import re
from typing import ClassVar

from pydantic import Field, field_validator

from studium.services.money import MoneyError, exponent
from studium.services.providers import ProviderSettings

IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")


class BankTransferSettings(ProviderSettings):
    """STUDIUM_BANK_TRANSFER_..."""

    prefix: ClassVar[str] = "BANK_TRANSFER"
    required: ClassVar[tuple[str, ...]] = ("recipient", "account")

    recipient: str | None = Field(None, max_length=140, description="who gets the money, as the bank knows them; buyers may pay by bank "
                                  "transfer once this and the account are set")
    account: str | None = Field(None, max_length=60, description="number of the account, such as an IBAN")
    bank: str | None = Field(None, max_length=140, description="name of the bank")
    bic: str | None = Field(None, max_length=60, description="BIC of the bank (SWIFT code)")
    tax_id: str | None = Field(None, max_length=60, description="the recipient's tax number, where buyers must write it (INN)")
    currencies: tuple[str, ...] = Field((), description="currencies that the account takes, such as EUR,USD; empty for all")
    days: int = Field(14, ge=1, le=90, description="days that a buyer has to pay")

    @field_validator("account")
    @classmethod
    def _checked(cls, value: str | None) -> str | None:
        """What looks like an IBAN has right check digits (ISO 13616, mod 97), so that no money goes astray by a slip."""
        compact = re.sub(r"\s", "", value or "").upper()
        if IBAN.fullmatch(compact) and int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 != 1:
            raise ValueError("looks like an IBAN, but its check digits are wrong: look for a slip")
        return value

    @field_validator("currencies")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for code in value:
            try:
                exponent(code)
            except MoneyError as error:
                raise ValueError(str(error)) from None
        return value
