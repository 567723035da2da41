"""YooKassa's keys, and what the school's accountant says about receipts."""

from __future__ import annotations

import ipaddress
import re
from typing import ClassVar, Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from studium.core.settings import is_loopback
from studium.services.providers import ProviderSettings

API = "https://api.yookassa.ru/v3"
Currency = Literal["RUB", "EUR", "USD", "KZT", "BYN", "UAH", "UZS", "TRY", "INR", "MDL", "AZN", "AMD"]
CURRENCIES: frozenset[str] = frozenset(get_args(Currency))
PaymentMode = Literal["full_prepayment", "partial_prepayment", "advance", "full_payment", "partial_payment", "credit", "credit_payment"]
VAT = {1: "no VAT", 2: "0 %", 3: "10 %", 4: "20 %", 5: "10/110", 6: "20/120", 7: "5 %", 8: "7 %", 9: "5/105", 10: "7/107", 11: "22 %",
       12: "22/122"}


class YookassaSettings(ProviderSettings):
    """STUDIUM_YOOKASSA_..."""

    prefix: ClassVar[str] = "YOOKASSA"
    required: ClassVar[tuple[str, ...]] = ("shop_id", "secret_key")

    shop_id: str | None = Field(None, pattern=r"^[0-9]{1,20}$", description="number of the shop (shopId) at YooKassa; buyers may pay by it "
                                "once this and the secret key are set")
    secret_key: SecretStr | None = Field(None, description="secret key of the shop, live_... or, of a test shop, test_...")
    api_base: str = Field(API, description="address of the YooKassa API; another one is for simulators and must be loopback or https")
    currencies: tuple[Currency, ...] = Field(("RUB",), min_length=1, description="currencies that the shop takes; a shop has one of them")
    sources: tuple[str, ...] = Field(
        (), description="addresses and networks that notifications may come from; empty for those that YooKassa publishes. Behind a "
        "reverse proxy the sender is known only if STUDIUM_TRUSTED_PROXIES says so")
    receipts: bool = Field(False, description="whether data for fiscal receipts (54-FZ) goes with each payment and partial refund; buyers "
                           "must then give an e-mail address")
    vat_code: int | None = Field(None, ge=1, le=12, description="VAT of the receipts by YooKassa's code: "
                                 + ", ".join(f"{code} {words}" for code, words in VAT.items()) + "; required with receipts")
    tax_system_code: int | None = Field(None, ge=1, le=6, description="tax system of the receipts by YooKassa's code, for tills of other "
                                        "companies that need it")
    payment_mode: PaymentMode = Field("full_payment", description="what receipts call the payment: full_payment as access opens at once, "
                                      "or full_prepayment")
    payment_subject: str = Field("service", pattern=r"^[a-z_]{1,40}$", description="what receipts say is sold, such as service or "
                                 "intellectual_activity")
    internet: bool = Field(True, description="whether receipts say that the payment was made over the internet")

    @field_validator("secret_key")
    @classmethod
    def _in_headers(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[!-9;-~]*", value.get_secret_value()):
            raise ValueError("a key of YooKassa has only letters, digits, _ and -")
        return value

    @field_validator("api_base")
    @classmethod
    def _private(cls, value: str) -> str:
        address = urlsplit(value)
        if not address.netloc or not (address.scheme == "https" or (address.scheme == "http" and is_loopback(address.hostname or ""))):
            raise ValueError(f"the key would travel in the open; leave it at {API}")
        return value.rstrip("/")

    @field_validator("sources")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            try:
                ipaddress.ip_network(one)
            except ValueError as error:
                raise ValueError(f"{error}; write addresses such as 192.0.2.7 and networks such as 192.0.2.0/27") from None
        return value

    @model_validator(mode="after")
    def _receipts_have_vat(self) -> YookassaSettings:
        if self.receipts and self.vat_code is None:
            raise ValueError("STUDIUM_YOOKASSA_RECEIPTS is on, and STUDIUM_YOOKASSA_VAT_CODE is not set. Ask the accountant for the VAT: 1 "
                             "is none, 7 is 5 %, 11 is 22 %")
        return self

    @property
    def key(self) -> str:
        """The secret key as text."""
        return self.secret_key.get_secret_value() if self.secret_key else ""
