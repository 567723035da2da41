"""`studium new-provider`: the beginning of a payment provider's package, with a simulator and a to-do list."""

from __future__ import annotations

from collections.abc import Sequence

import click

from studium.core.plugins import hookimpl


@hookimpl
def register_commands() -> Sequence[click.Command]:
    """`studium new-provider`; imported here, since only the command line needs it."""
    from studium.testing.scaffold.commands import new_provider

    return [new_provider]
