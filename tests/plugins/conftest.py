"""Who the tests of plugins are about."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.conftest import SignIn


@pytest.fixture
def anna(client: FlaskClient, sign_in: SignIn) -> int:
    """Anna's id; `client` is her browser, signed in."""
    return int(sign_in(client)["id"])
