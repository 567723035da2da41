"""The site of the test process on loopback, for the conformance kit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from studium.testing.providers.rig import Site
from studium.testing.providers.site_server import serving


@pytest.fixture(scope="session")
def served(web_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site, answering at an address of its own."""
    with serving(web_app, tmp_path_factory.mktemp("conformance")) as site:
        yield site


@pytest.fixture
def site(app: Flask, served: Site) -> Site:
    """The same over an empty database."""
    return served
