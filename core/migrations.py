"""What a plugin says of its database migrations; running them is `core/migrator.py`, which only the command line imports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Migrations:
    """A branch of migrations: the plugin's name, which is the branch label, and the folder of its version files."""

    plugin: str
    path: Path


CORE = Migrations("core", Path(__file__).parent / "versions")
