"""The `studium` command: what the core offers, and whatever the plugins register."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click
from pydantic import SecretStr

from studium.core.app import create_app, load
from studium.core.errors import StudiumError
from studium.core.findings import Finding
from studium.core.runtime import collect
from studium.core.settings import CoreSettings

C = TypeVar("C", bound=click.Command)
COLOURS = {"ok": "green", "warning": "yellow", "red": "red"}


def who(command: str) -> str:
    """Who acts by a command, in words that are kept with what they did: "studium jobs (anna)"."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"uid {os.getuid()}"  # a container's user may have no name
    return f"studium {command} ({name})"


def runs_as(program: str) -> Callable[[C], C]:
    """Mark a plugin's command to run in an app of the given program (`worker`) instead of `cli`."""

    def mark(command: C) -> C:
        command.studium_program = program  # type: ignore[attr-defined]
        return command

    return mark


def runs_without_app(command: C) -> C:
    """Mark a plugin's command, or one of its group, to run without an app and so without a database."""
    return runs_as("")(command)


def tell(findings: Iterable[Finding]) -> None:
    """Print what a doctor found, as it comes, each with its remedy; ends the command with exit code 1 when something is red."""
    levels = set()
    for finding in findings:
        levels.add(finding.level)
        click.secho(f"{finding.level.upper():8}{finding.name}: {finding.what}", fg=COLOURS[finding.level])
        if finding.fix:
            click.echo(f"        -> {finding.fix}")
    if "red" in levels:
        sys.exit(1)


class Studium(click.Group):
    """Core commands first; a plugin's command runs in an app context, with the database bound."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the core's and the plugins' commands."""
        return sorted({*super().list_commands(ctx), *self._plugin_commands()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        return super().get_command(ctx, cmd_name) or self._plugin_commands().get(cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; plugins' commands in an app context, unless they are marked otherwise."""
        program = self._program([*ctx._protected_args, *ctx.args])
        if not program:
            return super().invoke(ctx)
        with create_app(program=program).app_context():
            return super().invoke(ctx)

    def _program(self, words: list[str]) -> str:
        """The program that the named command runs in; "" for none, as for the core's own commands and for asking for help."""
        command = self._plugin_commands().get(words[0]) if words and words[0] not in self.commands else None
        if command is None or "--help" in words:
            return ""
        for word in words[1:]:
            if isinstance(command, click.Group) and word in command.commands:
                command = command.commands[word]
        return str(getattr(command, "studium_program", "cli"))

    def _plugin_commands(self) -> dict[str, click.Command]:
        if not hasattr(self, "_found"):
            _settings, plugins = load()
            self._found = {command.name: command for command in collect(plugins.hook.register_commands)}
        return self._found


@click.group(cls=Studium)
@click.version_option(package_name="studium")
def studium() -> None:
    """Run and look after a Studium site."""


@studium.command("settings")
def list_settings() -> None:
    """List every setting with its present value and what it is."""
    settings, plugins = load()
    for section in (CoreSettings, *collect(plugins.hook.register_settings)):
        for name, field in section.env_names().items():
            click.echo(f"{name}={_shown(getattr(settings[section], field))}\n    {section.model_fields[field].description}")


def _shown(value: object) -> str:
    """The value as the environment would carry it; secrets never."""
    if isinstance(value, SecretStr):
        return "(secret)"
    return ",".join(map(str, value)) if isinstance(value, tuple) else "" if value is None else str(value)


@studium.command()
def doctor() -> None:
    """Look at everything that the site needs; say what is wrong and how to mend it. Exit code 1 when something is."""
    from studium.core.doctor import examine  # its checks are for this command alone

    tell(examine(os.environ).findings)


@studium.command()
def migrate() -> None:
    """Bring the database up to date; a copy is taken before."""
    done = _migrator().migrate()
    for step in done:
        click.echo(f"applied {step.revision}  {step.title}")
    if not done:
        click.echo("The database is up to date.")


@studium.command()
@click.argument("plugin")
@click.option("--steps", default=1, show_default=True, type=click.IntRange(1), help="how many migrations to take back")
def rollback(plugin: str, steps: int) -> None:
    """Take back the last migrations of PLUGIN; a copy is taken before."""
    migrator = _migrator()
    for step in migrator.rollback(plugin, steps):
        click.echo(f"took back {step.revision}  {step.title}")
    click.echo(f"The database as it was: {migrator.newest_copy('rollback')}")


@studium.group()
def migrations() -> None:
    """Look at database migrations."""


@migrations.command("status")
def migrations_status() -> None:
    """Show each migration and whether it is applied."""
    for step in _migrator().status():
        click.echo(f"{'applied' if step.applied else 'pending'}  {step.revision:24} {step.title}")


def _migrator() -> Any:
    from studium.core.migrator import Migrator  # SQLAlchemy is heavy; only these commands pay for it

    settings, plugins = load()
    return Migrator(settings.core.data_dir, collect(plugins.hook.register_migrations))


def main() -> None:
    """Entry point of `studium`; an error of ours is one clear sentence and exit code 1, not a traceback."""
    try:
        studium()
    except StudiumError as error:
        click.echo(f"studium: {error}", err=True)
        sys.exit(1)
