"""The files of a course folder: listed once, refused when they could reach outside it, and read within limits."""

from __future__ import annotations

import os
import posixpath
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from ..store import open_plain
from .mistakes import Place, Report, nearest
from .yamltree import Scalar

MAX_ENTRIES = 20_000
MAX_FILE_BYTES = 2 * 1024**3
MAX_TEXT_BYTES = 1024**2
MAX_PATH_CHARACTERS = 200

VIDEOS = {
    ".webm": "video/webm",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".ogv": "video/ogg",
}
IMAGES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".avif": "image/avif",
}
CAPTIONS = {".vtt": "text/vtt"}
DOCUMENTS = {
    ".pdf": "application/pdf",
    ".txt": "text/plain",
    ".md": "text/markdown",
    ".csv": "text/csv",
    ".zip": "application/zip",
    ".json": "application/json",
    ".epub": "application/epub+zip",
    ".ics": "text/calendar",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".rtf": "application/rtf",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odp": "application/vnd.oasis.opendocument.presentation",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
ATTACHMENTS = DOCUMENTS | IMAGES | VIDEOS
_UNREAD_NAMES = {"README.md", "LICENSE", "LICENSE.md", "LICENSE.txt", "CHANGELOG.md"}


@dataclass(frozen=True)
class CourseFile:
    """A file of the course: its path in the folder, where it lies, its size in bytes and its media type."""

    path: str
    location: Path
    size: int
    mime: str = ""


class CourseFiles:
    """All plain files below the course folder by their path with slashes; hidden ones are left out."""

    def __init__(self, root: Path, report: Report) -> None:
        """List the folder; what may not be there (symlinks, devices, too large or too many files) is reported."""
        self.root = root
        self.report = report
        self.files: dict[str, CourseFile] = {}
        self.folders: set[str] = set()
        self.used: set[str] = set()
        self._full = False
        self._list(root, "")

    def find(self, reference: Scalar, base: str, types: dict[str, str]) -> CourseFile | None:
        """Return the file that `reference` names, relative to the file `base`, if its ending is one of `types`."""
        path = self.resolve(reference.text, reference.place, base)
        if path is None:
            return None
        ending = posixpath.splitext(path)[1].lower()
        if ending not in types:
            self.report.error(
                "file-type",
                reference.place,
                f"'{reference.text}' has an ending that is not allowed here",
                f"Allowed: {', '.join(sorted(types))}.",
            )
            return None
        found = self.files[path]
        if found.size == 0:
            self.report.error("empty-file", reference.place, f"'{reference.text}' is empty")
            return None
        return CourseFile(found.path, found.location, found.size, types[ending])

    def resolve(self, reference: str, place: Place, base: str) -> str | None:
        """Return the path in the folder that `reference` means in the file `base`, or None after reporting why not."""
        problem = _refusal(reference)
        if problem:
            self.report.error("bad-path", place, f"'{reference[:200]}' {problem[0]}", problem[1])
            return None
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(base), unicodedata.normalize("NFC", reference)))
        if joined.startswith("../") or joined == "..":
            self.report.error(
                "bad-path", place, f"'{reference}' leaves the course folder", "Move the file into the folder."
            )
            return None
        if joined not in self.files:
            self.report.error("missing-file", place, f"there is no file '{joined}'", self._nearest_file(joined))
            return None
        self.used.add(joined)
        return joined

    def read_text(self, path: str, use: bool = True) -> str | None:
        """Return the text of a listed file, or None after reporting that it is too large, unreadable or not UTF-8."""
        if use:
            self.used.add(path)
        found = self.files[path]
        if found.size > MAX_TEXT_BYTES:
            self.report.error("too-large", Place(path), f"a text file of {found.size:,} bytes; 1 MB is allowed")
            return None
        try:
            with open_plain(found.location) as file:
                raw = file.read(MAX_TEXT_BYTES + 1)
        except OSError as problem:
            self.report.error("unreadable", Place(path), f"the file cannot be read: {problem.strerror}")
            return None
        return self._decode(raw, path)

    def children(self, folder: str) -> list[str]:
        """Return the paths of the files directly in `folder` ("" is the course folder), sorted."""
        return sorted(path for path in self.files if posixpath.dirname(path) == folder)

    def report_unused(self) -> None:
        """Warn about files that no lesson uses: often a misspelt name."""
        for path in sorted(self.files.keys() - self.used):
            if posixpath.basename(path) not in _UNREAD_NAMES:
                self.report.warning("unused-file", Place(path), "no lesson uses this file", "Refer to it or remove it.")

    def _decode(self, raw: bytes, path: str) -> str | None:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            line = raw[: problem.start].count(b"\n") + 1
            self.report.error("encoding", Place(path, line), "the text is not UTF-8", "Save the file as UTF-8.")
            return None
        if "\x00" in text:
            line = text[: text.index("\x00")].count("\n") + 1
            self.report.error(
                "encoding", Place(path, line), "the text holds a zero byte", "Save the file as plain text."
            )
            return None
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def _list(self, folder: Path, prefix: str) -> None:
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as problem:
            self.report.error("unreadable", Place(prefix or "."), f"the folder cannot be read: {problem.strerror}")
            return
        for entry in entries:
            if not entry.name.startswith(".") and not self._full:
                self._take(entry, prefix)

    def _take(self, entry: os.DirEntry[str], prefix: str) -> None:
        try:
            path = unicodedata.normalize("NFC", prefix + entry.name)
            path.encode("utf-8")
        except UnicodeEncodeError:
            path = ascii(prefix + entry.name)
            self.report.error("bad-path", Place(path), "the file's name is not UTF-8", "Rename the file.")
            return
        status = entry.stat(follow_symlinks=False)
        if entry.is_symlink():
            self.report.error("symlink", Place(path), "a symbolic link is not allowed", "Put the file itself here.")
        elif len(path) > MAX_PATH_CHARACTERS:
            self.report.error("bad-path", Place(path), f"the path has more than {MAX_PATH_CHARACTERS} characters")
        elif entry.is_dir(follow_symlinks=False):
            self.folders.add(path)
            self._list(Path(entry.path), f"{path}/")
        elif not stat.S_ISREG(status.st_mode):
            self.report.error("bad-path", Place(path), "this is neither a file nor a folder", "Remove it.")
        else:
            self._take_file(path, entry, status.st_size)

    def _take_file(self, path: str, entry: os.DirEntry[str], size: int) -> None:
        if len(self.files) >= MAX_ENTRIES:
            self._full = True
            self.report.error("too-many", Place("."), f"the folder holds more than {MAX_ENTRIES:,} files")
        elif size > MAX_FILE_BYTES:
            self.report.error("too-large", Place(path), f"a file of {size:,} bytes; 2 GB are allowed")
        else:
            self.files[path] = CourseFile(path, Path(entry.path), size)

    def _nearest_file(self, path: str) -> str:
        return nearest(path, self.files.keys()) if len(self.files) <= 500 else ""


def _refusal(reference: str) -> tuple[str, str] | None:
    """Tell why a reference can name no file of the folder, and what to do; None when it can."""
    if not reference or len(reference) > MAX_PATH_CHARACTERS or not reference.isprintable():
        return "is not a file name", "Write a path relative to this file."
    if "://" in reference:
        return "is a web address", "Put the file into the course folder."
    if "\\" in reference:
        return "has a backslash", "Write paths with '/'."
    if reference.startswith(("/", "~")) or reference[1:2] == ":":
        return "is an absolute path", "Write a path relative to this file."
    return None
