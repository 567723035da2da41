"""The tables of the cache's file, and how a file that is new or of another version gets them.

The file is transient: it may be deleted, and is made again.
"""

from __future__ import annotations

import secrets
import time
from pathlib import Path

from studium.core import sqlite
from studium.services.cache.turns import FILE as TURNS_FILE
from studium.services.cache.turns import Turn

FILE = "cache.sqlite3"
VERSION = 2  # a file of another version is emptied
COUNTERS_FROM = 2**61  # ids of counters begin here, so that they go last when room is needed: who floods the cache resets no limit
PREPARING = 0  # the turn of who makes the tables
BOOT = Path("/proc/sys/kernel/random/boot_id")  # another one after each start of the machine, random(4)
ENTRY = (
    # id grows with each write, so the lowest is the oldest; tags are digests; made is the generation in which a tagged value was begun
    "CREATE TABLE entry (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, value NOT NULL, expires_ms INTEGER, tags BLOB, made INTEGER)",
    "CREATE INDEX entry_expires ON entry (expires_ms) WHERE expires_ms IS NOT NULL",
    """CREATE TRIGGER entry_counted AFTER INSERT ON entry BEGIN
        UPDATE state SET entries = entries + 1;
        SELECT RAISE(ABORT, 'the cache has as many entries as it may') FROM state WHERE entries > most_entries;
    END""",
    "CREATE TRIGGER entry_uncounted AFTER DELETE ON entry BEGIN UPDATE state SET entries = entries - 1; END",
)
TABLES = (
    # what began before the generation of its mark counts no more; a mark is the digest of a tag or of a deleted key
    "CREATE TABLE mark (id BLOB PRIMARY KEY, generation INTEGER NOT NULL, until_ms INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), epoch INTEGER NOT NULL, generation INTEGER NOT NULL,
        cleared INTEGER NOT NULL, entries INTEGER NOT NULL, most_entries INTEGER NOT NULL)""",
    """CREATE TABLE hour (hour_ms INTEGER PRIMARY KEY, hits INTEGER NOT NULL, misses INTEGER NOT NULL, errors INTEGER NOT NULL,
        writes INTEGER NOT NULL, refused INTEGER NOT NULL, expired INTEGER NOT NULL, evicted INTEGER NOT NULL)""",
)
UNLIMITED = 2**62


def remove_file(data_dir: Path) -> None:
    """Remove the file, so that whoever asks next makes a new one; who has it open notices."""
    for path in data_dir.glob(f"{FILE}*"):  # and its -wal and -shm
        path.unlink(missing_ok=True)


def forget_former_boot(data_dir: Path, patience: float) -> None:
    """Remove the file of before the machine started: writes do not wait for the disk, so its last ones may be lost or torn.

    With them a deletion could be lost, and the old value would be shown again.
    """
    kept, boot = data_dir / TURNS_FILE, BOOT.read_bytes()
    if kept.exists() and kept.read_bytes() == boot:
        return
    with Turn(data_dir, PREPARING) as turn:
        _wait(turn, patience)
        if kept.read_bytes() != boot:
            remove_file(data_dir)
            kept.write_bytes(boot)


def prepare(connection: sqlite.Connection, data_dir: Path, patience: float) -> None:
    """Make the tables unless they are there. Raises TimeoutError when somebody else makes them for longer than `patience` seconds."""
    if _version(connection) == VERSION:
        return
    with Turn(data_dir, PREPARING) as turn:
        _wait(turn, patience)
        if _version(connection) != VERSION:  # nobody was faster
            _empty(connection)
            _make_tables(connection)


def drop_entries(connection: sqlite.Connection) -> None:
    """Within a transaction: remove all entries at once, which is much faster than one after the other."""
    connection.execute("DROP TABLE entry").close()
    for statement in ENTRY:
        connection.execute(statement).close()


def _wait(turn: Turn, patience: float) -> None:
    end = time.monotonic() + patience
    while not turn.take():
        if time.monotonic() > end:
            raise TimeoutError("another process has been preparing the cache for too long")
        time.sleep(0.005)


def _empty(connection: sqlite.Connection) -> None:
    """No table is left, and the file can shrink from now on: auto_vacuum of a file that is not new needs VACUUM (sqlite.org/pragma)."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall()
    for (name,) in names:
        connection.execute(f'DROP TABLE "{name}"').close()
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL").close()
    connection.execute("VACUUM").close()


def _make_tables(connection: sqlite.Connection) -> None:
    with connection:
        connection.execute("BEGIN IMMEDIATE").close()
        for statement in (*TABLES, *ENTRY):
            connection.execute(statement).close()
        connection.execute("INSERT INTO state VALUES (1, ?, 1, 1, 0, ?)", (secrets.randbits(62), UNLIMITED)).close()
        connection.execute(f"PRAGMA user_version = {VERSION}").close()


def _version(connection: sqlite.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
