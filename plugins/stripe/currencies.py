"""Amounts as Stripe counts them (docs.stripe.com/currencies), which is not always how ISO 4217 does."""

from __future__ import annotations

from dataclasses import dataclass

from studium.services.money import Money, MoneyError
from studium.services.providers import ProviderMeta

THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})  # sent times 1000, and the last digit must be 0

# Sent times 100, although ISO 4217 has no decimals for them: "to maintain backwards compatibility", says Stripe.
TWO_DECIMALS_AT_STRIPE = frozenset({"ISK", "UGX"})
NO_DECIMALS_AT_STRIPE = frozenset({"MGA"})  # in Stripe's list of zero-decimal currencies; ISO 4217 has two

# Without RUB: Stripe serves no businesses in Russia.
CURRENCIES = frozenset("""
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CVE CZK DJF DKK DOP
    DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR ISK JMD JOD JPY KES KGS KHR KMF KRW KWD KYD KZT LAK LBP
    LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RWF
    SAR SBD SCR SEK SGD SHP SLE SOS SRD SZL THB TJS TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW
""".split())  # noqa: SIM905  140 words read better than 140 strings
EXPONENTS = dict.fromkeys(sorted(TWO_DECIMALS_AT_STRIPE), 2) | dict.fromkeys(sorted(NO_DECIMALS_AT_STRIPE), 0)


@dataclass(frozen=True)
class StripeMeta(ProviderMeta):
    """Knows the rule of three decimals too, which no exponent can say."""

    def to_minor(self, money: Money) -> int:
        """The amount as Stripe wants it. Raises MoneyError for 1.234 KWD, of which Stripe takes 1.230 or 1.240 only."""
        minor = super().to_minor(money)
        if money.currency in THREE_DECIMALS and minor % 10:
            raise MoneyError(f"{money}: Stripe takes amounts in {money.currency} only when the last of the three decimals is 0.")
        return minor
