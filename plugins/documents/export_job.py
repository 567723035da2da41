"""The job that makes an account export: everything that is held on a person, in one archive."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from studium.core.clock import now
from studium.plugins.documents import storage
from studium.plugins.documents.export_archive import StoredFile, collect_parts, write_archive
from studium.plugins.documents.export_data import stored_files
from studium.plugins.documents.export_readme import readme
from studium.plugins.documents.settings import kept_for
from studium.queue.kinds import Discard, job_kind
from studium.queue.running import RunningJob
from studium.services.people import Person, find_person
from studium.services.translation import N_, translator

KIND = "account_export"


class AccountExport(BaseModel):
    """In which language the README is."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    language: Literal["en", "ru"] = "en"


def unique(user_id: int | None, _params: AccountExport) -> str:
    """One active export a person."""
    return str(user_id)


@job_kind(KIND, N_("Copy of my data"), params=AccountExport, timeout=600, self_service=True, unique=unique, keep=kept_for,
          tells={"succeeded", "failed"})
def make_account_export(job: RunningJob, params: AccountExport) -> dict[str, Any]:
    """Ask every plugin for what it holds on the person, and write that and their documents into a ZIP."""
    _ = translator(params.language).gettext
    job.progress(2, _("Collecting your data"))
    person = find_person(job.user_id)
    if person is None:
        raise Discard(_("The account that asked for this no longer exists."))
    parts = collect_parts(person.id)
    files = stored_files(person.id, without_kind=KIND)
    job.checkpoint()
    name = _("Copy of my data")
    return storage.keep(job, f"{name} {now().date()}.zip", "application/zip", partial(_write, job, params, person, parts, files))


def _write(
    job: RunningJob, params: AccountExport, person: Person, parts: dict[str, Any], files: list[StoredFile], path: Path
) -> None:
    _ = translator(params.language).gettext
    steps = len(parts) + len(files) + 1
    done = 0

    def begin(name: str) -> None:
        nonlocal done
        done += 1
        job.progress(5 + 90 * done / steps, _("Writing {file}").format(file=name))
        job.checkpoint()

    write_archive(path, readme(person, now(), list(parts), params.language), parts, files, begin, job.checkpoint)
    job.progress(97, _("Storing the archive"))
    job.checkpoint()
