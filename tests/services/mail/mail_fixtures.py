"""A mail server for a test, and the site's settings to use it."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask

from studium.services.mail.settings import MailSettings
from tests.services.mail.mail_server import MailServer

SENDER = "school@learn.example"
SendsBy = Callable[..., MailSettings]
StartServer = Callable[..., MailServer]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate of 127.0.0.1, signed by itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def start_server(certificate: Path) -> Iterator[StartServer]:
    """`start_server(security="tls", wants_login=True)` starts a mail server, which ends with the test."""
    servers: list[MailServer] = []

    def do(security: str = "none", wants_login: bool = False) -> MailServer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        servers.append(MailServer(security, context, wants_login))
        servers[-1].start()
        return servers[-1]

    yield do
    for server in servers:
        server.stop()


@pytest.fixture
def sends_by(app: Flask, monkeypatch: pytest.MonkeyPatch) -> SendsBy:
    """`sends_by(server, security="none")` has the site send its mail by this server; answers the settings."""

    def do(server: MailServer, **settings: Any) -> MailSettings:
        given = {"host": server.hostname, "port": server.port, "security": "none", "sender": SENDER, "timeout": 2.0}
        found = MailSettings(**given | settings)
        monkeypatch.setitem(app.extensions["studium"].settings._sections, MailSettings, found)
        return found

    return do


@pytest.fixture
def inside_app(app: Flask) -> Iterator[None]:
    """The test runs in the app's context; not for tests of several browsers, which would share what one request remembers."""
    with app.app_context():
        yield


@pytest.fixture(scope="module")
def plain_server() -> Iterator[MailServer]:
    """One for the tests of a file; use `mail_server`."""
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mail_server(plain_server: MailServer, sends_by: SendsBy) -> MailServer:
    """A plain mail server that the site uses, as new."""
    plain_server.mailbox.reset()
    sends_by(plain_server)
    return plain_server
