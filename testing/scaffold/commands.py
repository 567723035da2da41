"""`studium new-provider NAME`."""

from __future__ import annotations

from pathlib import Path

import click

from studium.core.app import load
from studium.core.cli import runs_without_app
from studium.core.errors import StudiumError
from studium.core.runtime import collect
from studium.testing.scaffold.making import make_package
from studium.testing.scaffold.naming import Names, names_of

NEXT = """Made {folder}, with a simulator of an invented service. Now:
  cd {folder}
  python -m venv .venv && . .venv/bin/activate && pip install -e '.[test]'   # or use an environment that has Studium
  pytest   # red; it ends with what to do next. docs/tutorial-provider.md goes all the way to green"""


@runs_without_app
@click.command("new-provider")
@click.argument("name")
@click.option("--folder", type=click.Path(path_type=Path), default=Path(), help="where to put the package; here unless told")
def new_provider(name: str, folder: Path) -> None:
    """Begin a package with the payment provider NAME, such as acme-pay."""
    try:
        names = names_of(name)
        _refuse_taken(names)
        made = make_package(names, folder)
    except StudiumError as error:
        raise click.ClickException(str(error)) from error
    click.echo(NEXT.format(folder=made))


def _refuse_taken(names: Names) -> None:
    """Two sections of one prefix would read each other's settings, and two providers of one code stop the start."""
    _settings, plugins = load()
    for section in collect(plugins.hook.register_settings):
        if section.prefix == names.prefix:
            raise StudiumError(f"{names.name} is taken: STUDIUM_{names.prefix}_... are settings of {section.__module__}. "
                               "Choose another name.")
