"""The core's checks of `studium doctor`: settings, data folder, disk, clock, database, programs, and the site's public address."""

from __future__ import annotations

import ctypes
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from studium.core import health
from studium.core.clock import now
from studium.core.database import DATABASE_FILE, reading
from studium.core.entities import Heartbeat
from studium.core.findings import Finding, ok, red, warning
from studium.core.health import LEAST_FREE_BYTES
from studium.core.migrations import Migrations
from studium.core.runtime import runtime
from studium.core.settings import Settings

Check = Callable[[Settings], Iterable[Finding]]
LITTLE_FREE_BYTES = 2_000_000_000
MOST_SECONDS_APART = 5
ANSWER_SECONDS = 10
CLOCK_UNSYNCHRONISED = 5  # TIME_ERROR, adjtimex(2)
START = "Start the site: bin/ctl start all, or `supervisorctl start all` where it is supervised; its log says why a program ended."


def environment(settings: Settings) -> Iterator[Finding]:
    """What the settings say together."""
    core = settings.core
    if core.env == "test":
        yield red("environment", "STUDIUM_ENV is test, where anybody signs in as anybody.", "Set STUDIUM_ENV=production on a server.")
    else:
        yield ok("environment", f"the settings can be read; STUDIUM_ENV is {core.env}")
    if core.env != "production":
        return
    if core.public_url is None:
        yield warning("environment", "STUDIUM_PUBLIC_URL is not set, so links in messages and on certificates cannot be made.",
                      "Set it to the site's address, such as https://learn.example.")
    elif not core.public_url.lower().startswith("https://"):
        yield red("environment", f"STUDIUM_PUBLIC_URL is {core.public_url}; browsers keep the session cookie for https alone.",
                  "Put a reverse proxy with a certificate before the site (docs/examples), and name its https address.")
    if core.trusted_proxies == 0:
        yield warning("environment", "STUDIUM_TRUSTED_PROXIES is 0. Behind a reverse proxy all visitors then have its address, so they "
                      "share the limits of sign-in, and links are http.", "Set it to the number of proxies before the site, usually 1.")


def data_folder(settings: Settings) -> Iterator[Finding]:
    """That it can be written, and by whom it can be read."""
    folder = settings.core.data_dir
    if not folder.is_dir():
        yield red("data folder", f"{folder} does not exist.", "Make it, with its database: studium migrate")
        return
    foreign = next((path for path in (folder, folder / DATABASE_FILE) if path.exists() and path.stat().st_uid != os.getuid()), None)
    if foreign is not None:
        yield warning("data folder", f"{foreign} belongs to uid {foreign.stat().st_uid}, and this command runs as uid {os.getuid()}.",
                      "Run the commands as the user that the site runs as.")
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-"):
            pass
    except OSError as error:
        yield red("data folder", f"{folder} cannot be written: {error.strerror}.", f"Give it to the site's user: chown -R <user> {folder}")
        return
    yield from _readable_by_others(settings, folder)


def _readable_by_others(settings: Settings, folder: Path) -> Iterator[Finding]:
    secret = folder / "secret_key"
    if secret.exists() and secret.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield red("data folder", f"Others on this machine can read {secret}, and sign in as anybody.",
                  f"chmod 600 {secret}, and make a new key")
    elif settings.core.env == "production" and folder.stat().st_mode & stat.S_IRWXO:
        yield warning("data folder", f"Every user of this machine can look into {folder}.", f"chmod o-rwx {folder}")
    else:
        yield ok("data folder", f"{folder} can be written")


def disk(settings: Settings) -> Iterator[Finding]:
    """How much is free."""
    folder = settings.core.data_dir
    if not folder.is_dir():
        return
    free = shutil.disk_usage(folder).free
    told = f"{free / 1e9:.1f} GB free for {folder}"
    if free < LEAST_FREE_BYTES:
        yield red("disk", told, "Free some space now: writes fail soon. du -sh of backups, media, documents and log shows what is large.")
    elif free < LITTLE_FREE_BYTES:
        yield warning("disk", told, "Free some space, or enlarge the disk, before migrations and backups need it.")
    else:
        yield ok("disk", told)


def clock(settings: Settings) -> Iterator[Finding]:
    """That it is set, and agrees with the disk's: sessions, jobs and Telegram's confirmations go by it."""
    if _unsynchronised():
        yield warning("clock", "The system says that its clock is not synchronised.",
                      "Turn on a time service: timedatectl set-ntp true, or install chrony.")
        return
    if settings.core.data_dir.is_dir():
        with tempfile.NamedTemporaryFile(dir=settings.core.data_dir, prefix=".doctor-") as file:
            apart = abs(Path(file.name).stat().st_mtime - time.time())
        if apart > MOST_SECONDS_APART:
            yield warning("clock", f"The data folder's clock is {apart:.0f} s from this machine's, so it is on another machine.",
                          "Keep the data folder on a local disk: SQLite needs one (sqlite.org/useovernet).")
            return
    yield ok("clock", f"{now():%Y-%m-%d %H:%M:%S} UTC")


def _unsynchronised() -> bool:
    try:
        return int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(1024))) == CLOCK_UNSYNCHRONISED
    except (AttributeError, OSError):  # another system than Linux
        return False


def migrations(settings: Settings, branches: Sequence[Migrations]) -> Iterator[Finding]:
    """That the database is there and of this version."""
    from studium.core.migrator import Migrator  # SQLAlchemy is heavy

    if not (settings.core.data_dir / DATABASE_FILE).exists():
        yield red("database", f"There is none in {settings.core.data_dir}.", "studium migrate")
        return
    steps = Migrator(settings.core.data_dir, branches).status()
    pending = [step.revision for step in steps if not step.applied]
    if pending:
        yield red("database", f"{len(pending)} migrations are not applied: {', '.join(pending[:5])}.", "studium migrate")
    else:
        yield ok("database", f"all {len(steps)} migrations are applied")


def programs(_settings: Settings) -> Iterator[Finding]:
    """What /up says."""
    results = {check.name: health.result(check) for check in (*health.CORE_CHECKS, *runtime().health_checks)}
    wrong = [f"{name} {result}" for name, result in results.items() if result != "ok"]
    yield red("programs", f"{'; '.join(wrong)}.", START) if wrong else ok("programs", f"{', '.join(results)} are well")
    with reading():
        future = [row.program for row in Heartbeat.select() if row.seen_at > now() + timedelta(seconds=MOST_SECONDS_APART)]
    if future:
        yield red("clock", f"{', '.join(sorted(future))} was seen in the future, so the clock was set back.",
                  "Correct the clock, then restart: bin/ctl restart all")


def public_address(settings: Settings) -> Iterator[Finding]:
    """That the site answers there, and the cable too."""
    core = settings.core
    if core.public_url is None:
        return
    address = core.public_url.rstrip("/")
    proxy = "Compare the reverse proxy with docs/examples, and the name's DNS entry with this machine."
    status, told = _ask(f"{address}/up")
    if status not in (200, 503) or "checks" not in told:
        yield red("public address", f"{address}/up answers {status or told}, and not as this site does.", proxy)
        return
    yield ok("public address", f"{address} is this site")
    status, told = _ask(f"{address}/cable")
    if status == 426:
        yield ok("cable's address", f"{address}/cable is the cable")
    elif core.env == "production":
        yield red("cable's address", f"{address}/cable answers {status or told}, so pages are not live.",
                  f"Let the proxy pass /cable to port {core.cable_port}, with Upgrade and Connection headers (docs/examples).")


def _ask(url: str) -> tuple[int, str]:
    """Status and text of an answer; 0 and the reason without one."""
    import requests  # only where it is needed

    try:
        answer = requests.get(url, timeout=ANSWER_SECONDS, headers={"Accept": "application/json"}, allow_redirects=False)
    except requests.RequestException as error:
        return 0, type(error).__name__
    return answer.status_code, answer.text[:2000]


BEFORE_THE_APP: tuple[Check, ...] = (environment, data_folder, disk, clock)
WITH_THE_APP: tuple[Check, ...] = (programs, public_address)
