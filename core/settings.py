"""Typed settings from the environment, read once, at the edge; an unknown or wrong one stops the start with a hint."""

from __future__ import annotations

import contextlib
import difflib
import ipaddress
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar, cast
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from studium.core.errors import SettingsError

ENV_PREFIX = "STUDIUM_"
SHORTEST_KEY = 32
USER_OF_URL = re.compile(r"(?<=://)[^/?#\s'\"]*@")  # may hold a password
MAKE_KEY = "python3 -c 'import secrets; print(secrets.token_hex(32))'"
FIRST_PARTY_PLUGINS = (
    "studium.queue.plugin",
    "studium.services.plugin",
    "studium.plugins.auth",
    "studium.plugins.telegram",
    "studium.plugins.progress",
    "studium.plugins.documents",
    "studium.plugins.notifications",
    "studium.plugins.email",
    "studium.plugins.payments",
    "studium.plugins.stripe",
    "studium.plugins.yookassa",
    "studium.plugins.bank_transfer",
    "studium.plugins.sandbox",
    "studium.web",
)
OUTSIDE_PRODUCTION = ("studium.testing.simulators", "studium.testing.scaffold")  # follow them, unless STUDIUM_PLUGINS names others


class Section(BaseModel):
    """One plugin's settings: field `limit` of a section with prefix "QUEUE" is read from STUDIUM_QUEUE_LIMIT."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    prefix: ClassVar[str] = ""

    @classmethod
    def env_names(cls) -> dict[str, str]:
        """Environment name -> field name."""
        stem = ENV_PREFIX + (f"{cls.prefix}_" if cls.prefix else "")
        return {stem + name.upper(): name for name in cls.model_fields}


class CoreSettings(Section):
    """What every process needs."""

    env: Literal["development", "production", "test"] = Field(
        "development", description="which rules apply; in development anybody signs in as anybody, so it is refused to listen beyond this "
        "machine, to trust a proxy or to have an https address")
    data_dir: Path = Field(Path("data"), validate_default=True, description="folder of databases, media, backups, sockets and logs")
    secret_key: SecretStr | None = Field(
        None, description="signs cookies, streams and watch sessions; at least 32 characters; required in production")
    host: str = Field("127.0.0.1", description="address that the site and the cable listen on")
    port: int = Field(8000, ge=1, le=65535, description="port of the site")
    cable_port: int = Field(8001, ge=1, le=65535, description="port of the cable (WebSockets)")
    public_url: str | None = Field(None, description="address of the site as browsers see it, such as https://learn.example")
    allowed_origins: tuple[str, ...] = Field((), description="further origins whose pages may open the cable")
    trusted_proxies: int = Field(0, ge=0, le=5, description="number of reverse proxies whose X-Forwarded headers are believed")
    synchronous: Literal["normal", "full"] = Field(
        "normal", description="normal: a commit survives the death of every process; full: also a power cut, for one fsync a commit")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level that is logged")
    max_request_bytes: int = Field(1_000_000, ge=1000, description="largest request body, in bytes")
    plugins: tuple[str, ...] = Field(FIRST_PARTY_PLUGINS, description="first-party plugins, dotted names, in order")
    extra_plugins: tuple[str, ...] = Field((), description="further plugins by dotted name, after the first-party ones")
    entry_points: bool = Field(True, description="load plugins of installed packages (group studium.plugins)")

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < SHORTEST_KEY:
            raise ValueError(f"needs at least {SHORTEST_KEY} characters; make one with: {MAKE_KEY}")
        return value

    @field_validator("public_url")
    @classmethod
    def _no_password(cls, value: str | None) -> str | None:
        if value is not None and "@" in urlsplit(value).netloc:
            raise ValueError("has no user name and no password, since every visitor sees it")
        return value

    @property
    def public_origin(self) -> str | None:
        """The Origin header of the site's own pages, from `public_url` (RFC 6454: scheme, host and port, no path)."""
        if self.public_url is None:
            return None
        site = urlsplit(self.public_url)
        return f"{site.scheme}://{site.netloc}"

    @property
    def run_dir(self) -> Path:
        """Folder of sockets and pid files."""
        return self.data_dir / "run"


S = TypeVar("S", bound=Section)


class Settings:
    """All sections of one process: `settings.core.port`, `settings[QueueSettings].lease_seconds`."""

    def __init__(self, sections: Mapping[type[Section], Section]) -> None:
        self._sections = dict(sections)
        self.core = self[CoreSettings]

    def __getitem__(self, section: type[S]) -> S:
        return cast(S, self._sections[section])

    def __iter__(self) -> Iterator[Section]:
        """The sections, the core's first."""
        return iter(self._sections.values())

    @property
    def secret(self) -> str:
        """The secret key as text; for signing only, never to be logged."""
        return cast(SecretStr, self.core.secret_key).get_secret_value()


def load_core(environ: Mapping[str, str]) -> CoreSettings:
    """Read the core section; in development a missing secret key is made once and kept in the data folder."""
    core = _read(CoreSettings, environ)
    if core.env != "production" and "plugins" not in core.model_fields_set:
        core = core.model_copy(update={"plugins": (*core.plugins, *OUTSIDE_PRODUCTION)})
    _refuse_public_development(core)
    if core.secret_key is None:
        if core.env == "production":
            raise SettingsError(f"STUDIUM_SECRET_KEY is missing. Production needs a key of its own: set it to the output of {MAKE_KEY}")
        core = core.model_copy(update={"secret_key": SecretStr(_kept_key(core.data_dir))})
    return core


def load_settings(core: CoreSettings, sections: Sequence[type[Section]], environ: Mapping[str, str]) -> Settings:
    """Read the plugins' sections and refuse names that no section knows.

    Raises SettingsError with the key, the value (never a secret's) and a hint.
    """
    every: list[type[Section]] = [CoreSettings, *sections]
    known = {name for section in every for name in section.env_names()}
    for name in environ:
        if name.startswith(ENV_PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise SettingsError(f"{name} is not a setting of Studium. " + (f"Did you mean {near[0]}? " if near else "")
                                + "`studium settings` lists them all.")
    return Settings({CoreSettings: core} | {section: _read(section, environ) for section in sections})


def _refuse_public_development(core: CoreSettings) -> None:
    """In development anybody signs in as anybody, so what looks like a site for others must not start in it."""
    if core.env != "development":
        return
    signs = {
        f"STUDIUM_HOST={core.host}": not is_loopback(core.host),
        f"STUDIUM_TRUSTED_PROXIES={core.trusted_proxies}": core.trusted_proxies > 0,
        f"STUDIUM_PUBLIC_URL={core.public_url}": core.public_url is not None and not _is_local_address(core.public_url),
    }
    if found := [sign for sign, is_given in signs.items() if is_given]:
        raise SettingsError(f"STUDIUM_ENV is development, where anybody can sign in as anybody, but {' and '.join(found)} would let other "
                            "people in. On a server set STUDIUM_ENV=production; to try Studium out leave that unset, and from "
                            "another machine use a tunnel:"
                            f" ssh -L {core.port}:127.0.0.1:{core.port} "
                            f"-L {core.cable_port}:127.0.0.1:{core.cable_port} <server>")


def is_loopback(host: str) -> bool:
    """Whether a host, without a port, is this machine: 127.0.0.0/8, ::1, localhost and names under it (RFC 6761, 6.3)."""
    name = host.strip("[]").lower().removesuffix(".")
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _is_local_address(url: str) -> bool:
    site = urlsplit(url)
    return site.scheme == "http" and is_loopback(site.hostname or "")


def _read(section: type[S], environ: Mapping[str, str]) -> S:
    values: dict[str, Any] = {}
    for name, field in section.env_names().items():
        if name in environ:
            listed = "tuple" in str(section.model_fields[field].annotation)
            values[field] = [part.strip() for part in environ[name].split(",") if part.strip()] if listed else environ[name]
    try:
        return section(**values)
    except ValidationError as error:
        raise SettingsError(_explain(section, error)) from None


def _explain(section: type[Section], error: ValidationError) -> str:
    names = {field: name for name, field in section.env_names().items()}
    lines = []
    for found in error.errors():
        field = str(found["loc"][0]) if found["loc"] else ""
        secret = "Secret" in str(section.model_fields[field].annotation) if field else True
        value = "" if secret else f"={USER_OF_URL.sub('***@', repr(found['input']))}"
        description = section.model_fields[field].description if field else ""
        told = f"{names[field]}{value}: " if field else ""
        wrong = found["msg"].removeprefix("Value error, ")
        lines.append(f"{told}{wrong}." + (f" It is: {description}." if description else ""))
    return "\n".join(lines)


def _kept_key(data_dir: Path) -> str:
    """The key in `data_dir`/secret_key, made whole in one step, so that two first starts agree on one."""
    path = data_dir / "secret_key"
    if not path.exists():
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"STUDIUM_DATA_DIR={data_dir}: the folder cannot be made: {error.strerror}. Choose another.") from error
        draft = data_dir / f".secret_key.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    key = path.read_text().strip()
    if len(key) < SHORTEST_KEY:
        raise SettingsError(f"The key in {path} is damaged. Remove that file, or set STUDIUM_SECRET_KEY; people will then have to sign "
                            "in again.")
    return key
