"""Which deliveries are Stripe's: against vectors that were computed with openssl, and against the SDK's own signatures."""

from __future__ import annotations

import pytest

from studium.core import clock
from studium.plugins.stripe.signatures import HEADER, verify
from studium.services.providers import InvalidWebhook

# printf '1792000000.{"id":"evt_1","object":"event"}' | openssl dgst -sha256 -hmac whsec_test
AT, BODY, SECRET = 1_792_000_000, b'{"id":"evt_1","object":"event"}', "whsec_test"
VECTOR = "1ea8fbe6918b8a23bbfb0b1d56e2e38a267d354026229a64f3bc33aae7422fd1"
# the same with the body «Чай» in UTF-8, and the secret whsec_other
CYRILLIC, OTHER_SECRET = "Чай".encode(), "whsec_other"
CYRILLIC_VECTOR = "a7fd020e6f7691a4907a8b91c2be0c47ad8218d4cac88d6a97aeec67c90813ca"


@pytest.fixture(autouse=True)
def at_the_time() -> object:
    """It is the second when the vectors were signed."""
    clock.set_clock(lambda: float(AT))
    yield
    clock.set_clock(None)


def reason(raw: bytes, header: str, *secrets: str) -> str:
    with pytest.raises(InvalidWebhook) as caught:
        verify(raw, header, secrets)
    return caught.value.reason


def test_the_header_is_looked_up_by_its_lower_case_name() -> None:
    assert HEADER == "stripe-signature"


def test_a_signature_that_openssl_made_is_right() -> None:
    verify(BODY, f"t={AT},v1={VECTOR}", [SECRET])
    verify(CYRILLIC, f"t={AT},v1={CYRILLIC_VECTOR}", [OTHER_SECRET])


def test_a_signature_that_the_sdk_made_is_right() -> None:
    import stripe

    header = stripe.WebhookSignature.generate_signature_header(BODY.decode(), SECRET, AT)
    verify(BODY, header, [SECRET])


def test_while_a_secret_is_rolled_either_side_may_have_two() -> None:
    verify(BODY, f"t={AT},v1={'0' * 64},v1={VECTOR},v0={'1' * 64}", [SECRET])
    verify(BODY, f"t={AT},v1={VECTOR}", ["whsec_new", SECRET])


@pytest.mark.parametrize("header", [
    "", "t=,v1=", f"t={AT}", f"v1={VECTOR}", f"t={AT},v0={VECTOR}", f"t={AT},v1={VECTOR[:-1]}", f"t={AT},v1={VECTOR.upper()}",
    f"t={AT},t={AT},v1={VECTOR}", f"t=+{AT},v1={VECTOR}", f"t={AT}.0,v1={VECTOR}", f"t={AT + 1},v1={VECTOR}", f"t=-{AT},v1={VECTOR}",
    f"t=٣,v1={VECTOR}", f"t={AT},v1=ж", f"t={AT}," + ",".join(f"v1={number:064}" for number in range(500)),
])
def test_anything_else_in_the_header_is_refused(header: str) -> None:
    assert reason(BODY, header, SECRET) == "signature"


def test_a_changed_body_another_secret_and_no_secret_are_refused() -> None:
    header = f"t={AT},v1={VECTOR}"
    assert reason(BODY + b" ", header, SECRET) == "signature"
    assert reason(BODY, header, "whsec_wrong") == "signature"
    assert reason(BODY, header) == "signature"


@pytest.mark.parametrize(("seconds", "is_right"), [(0, True), (299, True), (-299, True), (301, False), (-301, False), (86_400, False)])
def test_a_signature_counts_for_five_minutes_before_and_after(seconds: int, is_right: bool) -> None:
    clock.set_clock(lambda: float(AT + seconds))
    if is_right:
        verify(BODY, f"t={AT},v1={VECTOR}", [SECRET])
    else:
        assert reason(BODY, f"t={AT},v1={VECTOR}", SECRET) == "stale"


def test_a_wrong_signature_is_not_called_stale() -> None:
    clock.set_clock(lambda: float(AT + 9999))
    assert reason(BODY, f"t={AT},v1={'0' * 64}", SECRET) == "signature"
