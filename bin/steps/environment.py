"""Where one Studium lives: its folders, ports and the variables that supervisord.conf needs. Standard library only.

The defaults are those of core/settings.py (a test compares them); the programs themselves read the settings there.
"""

from __future__ import annotations

import hashlib
import os
import resource
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
WANTED_FILES = 20_000
YES = ("1", "true", "t", "yes", "y", "on")  # as the settings read a switch; supervisord knows fewer words
LONGEST_SOCKET_PATH = 95  # sun_path holds 108 bytes, unix(7); supervisord adds its pid while it starts


class Refusal(Exception):
    """Something that the person at the terminal has to mend; its text is all they need to read."""


@dataclass(frozen=True)
class Place:
    """The data folder and the addresses of one running Studium."""

    data_dir: Path
    host: str
    port: int
    cable_port: int

    @property
    def url(self) -> str:
        """Address of the site."""
        return f"http://{self.host}:{self.port}"

    @property
    def log_dir(self) -> Path:
        """Folder of the logs, one file a program."""
        return self.data_dir / "log"

    @property
    def pid_file(self) -> Path:
        """Where supervisord writes its process id."""
        return self.data_dir / "run" / "supervisord.pid"

    @property
    def supervisor_socket(self) -> Path:
        """Supervisord's socket: in the data folder, or in a private folder under /tmp when that path is too long."""
        path = self.data_dir / "run" / "supervisor.sock"
        if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
            return path
        digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"studium-{os.getuid()}-{digest}" / "supervisor.sock"

    def make_folders(self) -> None:
        """Make the folders that must exist before supervisord starts."""
        for folder in (self.data_dir, self.log_dir, self.data_dir / "run"):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise Refusal(f"The folder {folder} cannot be made: {error.strerror}. "
                              "Choose another: STUDIUM_DATA_DIR=/some/folder") from error
        private = self.supervisor_socket.parent
        private.mkdir(mode=0o700, exist_ok=True)
        if private.stat().st_uid != os.getuid():
            raise Refusal(f"{private} belongs to another user. Choose a shorter STUDIUM_DATA_DIR, so that it is not needed.")

    def variables(self, environ: Mapping[str, str]) -> dict[str, str]:
        """`environ` with everything that supervisord.conf and the programs read, and the virtual environment first in PATH."""
        return dict(environ) | {
            "STUDIUM_DATA_DIR": str(self.data_dir),
            "STUDIUM_HOST": self.host,
            "STUDIUM_PORT": str(self.port),
            "STUDIUM_CABLE_PORT": str(self.cable_port),
            "SUPERVISOR_SOCKET": str(self.supervisor_socket),
            "SUPERVISOR_MINFDS": str(_most_files()),
            "SUPERVISOR_TELEGRAM_BOT": "true" if environ.get("STUDIUM_TELEGRAM_POLLING", "").lower() in YES else "false",
            "PATH": f"{VENV / 'bin'}{os.pathsep}{environ.get('PATH', os.defpath)}",
        }


def read_place(environ: Mapping[str, str]) -> Place:
    """Read STUDIUM_DATA_DIR, _HOST, _PORT and _CABLE_PORT; raises Refusal on a port that is none, and on a folder with a % in its path.

    A relative data folder counts from the working directory; without one it is `data` beside this program.
    """
    data_dir = Path(environ.get("STUDIUM_DATA_DIR") or ROOT / "data").expanduser().resolve()
    if "%" in str(data_dir):  # supervisord would take it for the beginning of a variable
        raise Refusal(f"the path of the data folder has a percent sign, which supervisord cannot read: {data_dir}. "
                      "Choose another folder: STUDIUM_DATA_DIR=/some/folder")
    return Place(data_dir, environ.get("STUDIUM_HOST") or "127.0.0.1",
                 _port(environ, "STUDIUM_PORT", 8000), _port(environ, "STUDIUM_CABLE_PORT", 8001))


def supervisor_command(program: str) -> list[str]:
    """`supervisord` or `supervisorctl` of the virtual environment, with our configuration."""
    python = VENV / "bin" / "python"
    if not python.exists():
        raise Refusal("Studium is not installed here yet. Run bin/setup (or bin/dev, which does it by itself).")
    return [str(python), str(VENV / "bin" / program), "-c", str(ROOT / "supervisord.conf")]


def complain(refusal: Refusal) -> None:
    """Print a refusal the way all our commands do."""
    print(f"\nStudium cannot go on: {refusal}", file=sys.stderr)


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Refusal(f"{name}={text} is not a port. Give a number from 1 to 65535.")
    return int(text)


def _most_files() -> int:
    """As many open files as we want, or as this machine allows."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
