"""Which addresses can be written to."""

from __future__ import annotations

import time

import pytest

from studium.core.app import load
from studium.core.errors import SettingsError
from studium.services.mail.addresses import read_address, shown_address


@pytest.mark.parametrize(("written", "read"), [
    ("anna@example.org", "anna@example.org"), ("  Anna.K+school@Example.ORG ", "Anna.K+school@example.org"),
    ("anna@пример.рф", "anna@xn--e1afmkfd.xn--p1ai"), ("анна@пример.рф", "анна@xn--e1afmkfd.xn--p1ai"), ("a'b@x-y.co", "a'b@x-y.co"),
])
def test_an_address_is_read_with_its_domain_in_ascii(written: str, read: str) -> None:
    assert read_address(written) == read
    assert read_address(read) == read


@pytest.mark.parametrize("written", [
    "", "anna", "anna@", "@example.org", "anna@example", "anna@@example.org", "an na@example.org", "anna@exam ple.org", "a,b@example.org",
    "anna@example.org\r\nBcc: eve@evil.example", "anna\n@example.org", "<anna@example.org>", "Anna <anna@example.org>",
    '"a b"@example.org', ".anna@example.org", "an..na@example.org", "anna@-example.org", "anna@example..org", "anna@[127.0.0.1]",
    "anna@127.0.0.1", "a\u200bb@example.org", "anna@straße.example", "a(b)@example.org", "a;b@example.org", "a\x00@example.org",
    "a" * 65 + "@example.org", "я" * 40 + "@example.org", "a@" + ("b" * 63 + ".") * 4 + "org", "a" * 10_000,
    "anna@" + "x" * 10_000 + ".org", "=?utf-8?q?x=0d=0aBcc=3A_eve=40evil.example?=@example.org", "a=?@example.org",
])
def test_what_is_no_address(written: str) -> None:
    with pytest.raises(ValueError):
        read_address(written)


def test_a_very_long_text_is_refused_unread() -> None:
    began = time.thread_time()
    with pytest.raises(ValueError):
        read_address("a" + "\u0315\u0300" * 20_000 + "@example.org")  # to put such marks in order takes their number squared
    assert time.thread_time() - began < 0.1


def test_an_address_is_shown_as_its_owner_writes_it() -> None:
    assert shown_address("anna@xn--e1afmkfd.xn--p1ai") == "anna@пример.рф"
    assert shown_address("anna@xn--broken-.org") == "anna@xn--broken-.org"


@pytest.mark.parametrize(("given", "wrong"), [
    ({"HOST": "smtp.example"}, "STUDIUM_MAIL_SENDER"),
    ({"HOST": "smtp.example", "SENDER": "no address"}, "STUDIUM_MAIL_SENDER"),
    ({"HOST": "smtp.example", "SENDER": "a@b.example", "USERNAME": "a"}, "STUDIUM_MAIL_PASSWORD"),
    ({"HOST": "smtp.example", "SENDER": "a@b.example", "USERNAME": "a", "PASSWORD": "hush-hush", "SECURITY": "none"}, "SECURITY"),
    ({"HOST": "smtp example", "SENDER": "a@b.example"}, "STUDIUM_MAIL_HOST"),
])
def test_settings_that_cannot_work_stop_the_start(environ: dict[str, str], given: dict[str, str], wrong: str) -> None:
    with pytest.raises(SettingsError, match=wrong) as caught:
        load(environ | {f"STUDIUM_MAIL_{name}": value for name, value in given.items()})
    assert "hush-hush" not in str(caught.value)
