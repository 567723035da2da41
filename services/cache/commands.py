"""`studium cache`: look at the cache, empty it, and keep it small."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from studium.core.cli import who
from studium.core.errors import StudiumError
from studium.core.logs import get_logger
from studium.services.cache.entries import cache
from studium.services.cache.figures import Figures
from studium.services.cache.trimming import trim_all

log = get_logger(__name__)
UNREADABLE = "The cache cannot be read or written; the log line cache_failed says why. Nothing but speed is lost, see docs/cache.md."


@click.group("cache")
def cache_group() -> None:
    """Look at the cache, and empty it (docs/cache.md). Nothing is lost with it but time."""


@cache_group.command()
@click.option("--hours", default=24, show_default=True, type=click.IntRange(1, 168), help="of the last hours")
@click.option("--json", "as_data", is_flag=True, help="for programs")
def stats(hours: int, as_data: bool) -> None:
    """Show what all processes asked and wrote, and what the cache holds."""
    found = cache().figures(hours)
    if found is None:
        raise StudiumError(UNREADABLE)
    click.echo(json.dumps(asdict(found)) if as_data else "\n".join(_lines(found)))


@cache_group.command()
def clear() -> None:
    """Remove all entries, rates that were counted included."""
    if not cache().clear():
        raise StudiumError(UNREADABLE)
    log.info("cache_cleared", by=who("cache"))
    click.echo("The cache is empty.")


@cache_group.command()
def trim() -> None:
    """Remove what has expired or is too much, and give unused parts of the file back."""
    click.echo(f"{trim_all()} entries removed.")


@cache_group.command("delete-tag")
@click.argument("tags", nargs=-1, required=True, metavar="TAG...")
def delete_tag(tags: tuple[str, ...]) -> None:
    """Remove all entries that have one of the tags, such as course:1."""
    if not cache().delete_tags(tags):
        raise StudiumError(UNREADABLE)
    log.info("cache_tags_deleted", tags=list(tags), by=who("cache"))
    click.echo(f"No entry with {', '.join(tags)} is shown any more.")


def _lines(found: Figures) -> list[str]:
    rate = "nothing was asked" if found.hit_rate is None else f"{found.hit_rate:.1%}"
    return [
        f"last {found.hours} hours: hit rate {rate}; {found.hits:,} hits, {found.misses:,} misses, {found.errors:,} errors",
        f"  {found.writes:,} writes; {found.expired:,} expired, {found.evicted:,} went for room, {found.refused:,} were too large",
        f"now: {found.entries:,} entries in {found.used_bytes / 1e6:.1f} MB; the file has {found.file_bytes / 1e6:.1f} MB",
        f"limits: {found.max_size / 1e6:.0f} MB, {_or_none(found.max_entries)} entries, {_or_none(found.max_age)} seconds",
    ]


def _or_none(limit: float | None) -> str:
    return "any number of" if limit is None else f"{limit:,}"
