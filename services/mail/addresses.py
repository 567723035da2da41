"""E-mail addresses as people write them, and as servers understand them: the domain in ASCII, whatever its script."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets (RFC 3696, erratum 1690)
LONGEST_LOCAL = 64
LONGEST_WRITTEN = 1_000  # with blanks around it, and marks that are composed
# Nor "=?", with which an encoded word begins (RFC 2047): the library would decode it, line breaks and all, into the header.
LOCAL = re.compile(r"(?!.*=\?)[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f-\x9f]+")  # no quoted ones: nobody has them, and much goes wrong with them
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
DEVIATING = frozenset("ßς\u200c\u200d")  # letters that the two versions of IDNA read as different domains (UTS 46, 7)


def read_address(written: str) -> str:
    """The address that somebody typed, with its domain in lower case and ASCII (RFC 5891). Raises ValueError for what is none.

    It is not asked whether the address exists; a mail to it tells.
    """
    if len(written) > LONGEST_WRITTEN:  # before it is looked at, which may take the square of its length
        raise ValueError(f"An e-mail address has at most {LONGEST} characters.")
    local, at, domain = unicodedata.normalize("NFC", written.strip()).rpartition("@")
    if not at or not LOCAL.fullmatch(local) or not local.isprintable() or local.startswith(".") or local.endswith(".") or ".." in local:
        raise ValueError("An e-mail address looks like name@example.org.")
    found = f"{local}@{_ascii_domain(domain)}"
    if len(local.encode()) > LONGEST_LOCAL or len(found.encode()) > LONGEST:
        raise ValueError(f"An e-mail address has at most {LONGEST} characters, {LONGEST_LOCAL} of them before the @.")
    return found


def shown_address(address: str) -> str:
    """The address as its owner would write it: the domain in its own script."""
    local, _at, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('ascii').decode('idna')}"
    except UnicodeError:
        return address


def domain_of(address: str) -> str:
    """What stands behind the @."""
    return address.rpartition("@")[2]


def _ascii_domain(domain: str) -> str:
    if DEVIATING & set(domain):
        raise ValueError("This domain is read differently by different servers. Write it in its ASCII form, which begins with xn--.")
    try:
        found = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise ValueError("There can be no such domain behind the @.") from None
    labels = found.split(".")
    if len(labels) < 2 or not all(LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        raise ValueError("An e-mail address ends with a domain, such as example.org.")
    return found
