"""What the answers of mail servers mean for an address: RFC 5321 (4.2), and the enhanced status codes of RFC 3463."""

from __future__ import annotations

import re

# No such mailbox, domain or syntax; moved; takes no mail (RFC 7505); disabled; 5.4.1 is how Exchange Online says "unknown"; no route.
DEAD_ADDRESS = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.1", "5.4.4"})
DEAD_WITHOUT_STATUS = frozenset({550, 551, 553})
NOT_ACCEPTED_AS_SENDER = frozenset({"5.1.7", "5.1.8", "5.7.0", "5.7.8", "5.7.9", "5.7.11", "5.7.13", "5.7.14"})
WANTS_A_LOGIN = frozenset({530, 534, 535, 538})
TOO_LARGE = frozenset({"5.2.3", "5.3.4"})
STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")


def status_of(answer: bytes | str) -> str:
    """The enhanced status code with which an answer begins, such as "5.1.1"; "" without one."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    found = STATUS.match(text)
    return found[1] if found else ""


def is_dead_address(code: int, status: str) -> bool:
    """Whether a final answer about a recipient says that the mailbox is not there; `status` is "" where the server gave none."""
    return status in DEAD_ADDRESS or (not status and code in DEAD_WITHOUT_STATUS)


def is_about_the_sender(code: int, status: str, answer: bytes | str) -> bool:
    """Whether a refusal means the school, such as a missing login, and would so meet every mail."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return code in WANTS_A_LOGIN or status in NOT_ACCEPTED_AS_SENDER or "relay" in text.lower()
