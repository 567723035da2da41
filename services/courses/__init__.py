"""The catalogue of courses; README.md is the map. The command line is in commands.py, which only the CLI imports."""

from pathlib import Path

from studium.core.migrations import Migrations

from .entities import ENTITIES

MIGRATIONS = Migrations("courses", Path(__file__).parent / "migrations")

__all__ = ["ENTITIES", "MIGRATIONS"]
