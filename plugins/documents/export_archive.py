"""The archive of an account export: one JSON file for each plugin, the person's documents, and a README; written to disk as it is made."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from studium.core.clock import now
from studium.core.errors import StudiumError
from studium.core.runtime import runtime
from studium.plugins.documents.export_json import json_pieces
from studium.plugins.documents.storage import saved_name

BLOCK = 1 << 20
PRIVATE = 0o600 << 16  # the upper half of the ZIP entry's attributes is the Unix mode


@dataclass(frozen=True)
class StoredFile:
    """A document of the person: where it lies, and its name for people."""

    path: Path
    filename: str


def collect_parts(user_id: int) -> dict[str, Any]:
    """What each plugin holds on the person, by the name of its file. Raises StudiumError when two plugins want the same one."""
    parts: dict[str, Any] = {}
    for answer in reversed(runtime().hooks.export_user_data(user_id=user_id)):
        for name, values in answer.items():
            if name in parts or not name.isidentifier():
                raise StudiumError(f"export_user_data: the name {name!r} is taken or no file name; a plugin uses its own name.")
            parts[name] = values
    return dict(sorted(parts.items()))


def write_archive(
    path: Path,
    readme: str,
    parts: Mapping[str, Any],
    files: Iterable[StoredFile],
    begin: Callable[[str], None],
    between: Callable[[], None],
) -> None:
    """Write the ZIP to `path`. `begin` is called with the name of each entry, `between` all the time; both may raise to stop."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr(_entry("README.txt"), readme.replace("\n", "\r\n").encode())
        for name, values in parts.items():
            begin(f"{name}.json")
            with archive.open(_entry(f"{name}.json"), "w", force_zip64=True) as raw, io.TextIOWrapper(raw, "utf-8") as text:
                for piece in json_pieces(values, between):
                    text.write(piece)
        taken: dict[str, int] = {}
        for file in files:
            with suppress(FileNotFoundError):  # it was removed in this moment, because its time was over
                _copy(archive, file, taken, begin, between)


def _copy(
    archive: ZipFile, file: StoredFile, taken: dict[str, int], begin: Callable[[str], None], between: Callable[[], None]
) -> None:
    with file.path.open("rb") as source:
        name = f"documents/{_free_name(taken, Path(saved_name(file.filename)))}"
        begin(name)
        with archive.open(_entry(name), "w", force_zip64=True) as target:
            _copy_blocks(source, target, between)


def _copy_blocks(source: IO[bytes], target: IO[bytes], between: Callable[[], None]) -> None:
    while block := source.read(BLOCK):
        between()
        target.write(block)


def _free_name(taken: dict[str, int], name: Path) -> str:
    """A name that no other file has, also where A and a are the same letter: of equal names the second one gets a number.

    `taken` remembers how often each name was asked for.
    """
    while True:
        number = taken[name.name.casefold()] = taken.get(name.name.casefold(), 0) + 1
        if number == 1:
            return name.name
        numbered = f"{name.stem} ({number}){name.suffix}"
        if numbered.casefold() not in taken:
            taken[numbered.casefold()] = 1
            return numbered


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, now().timetuple()[:6])
    entry.compress_type, entry.external_attr = ZIP_DEFLATED, PRIVATE
    return entry
