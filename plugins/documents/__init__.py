"""Documents for students: certificates, learning reports and account exports, made by jobs and downloaded by their owners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from flask import Blueprint

from studium.core.migrations import Migrations
from studium.core.plugins import hookimpl
from studium.core.settings import Section
from studium.plugins.documents import commands, deletion, export_data, storage
from studium.plugins.documents.certificate_job import make_certificate
from studium.plugins.documents.certificate_offers import certificate_offers
from studium.plugins.documents.completion import ask_for_certificate
from studium.plugins.documents.entities import ENTITIES
from studium.plugins.documents.export_job import make_account_export
from studium.plugins.documents.report_job import make_learning_report
from studium.plugins.documents.report_offers import report_offers
from studium.plugins.documents.settings import DocumentsSettings, kept_for
from studium.plugins.documents.trimming import HOURLY, trim_documents
from studium.queue.kinds import JobKind
from studium.queue.periodic import PeriodicTask
from studium.services.documents import DocumentStore
from studium.services.facts import CourseCompleted, UserDeleted
from studium.services.offers import JobOffer
from studium.services.users import SignedInUser


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """`STUDIUM_DOCUMENTS_*`."""
    return [DocumentsSettings]


@hookimpl
def register_entities() -> Sequence[type]:
    """Files, certificates and their history."""
    return ENTITIES


@hookimpl
def register_migrations() -> Migrations:
    """The branch `documents`."""
    return Migrations("documents", Path(__file__).parent / "migrations")


@hookimpl
def register_jobs() -> Sequence[JobKind[Any]]:
    """The kinds of document, and the removal of old ones."""
    return [make_certificate, make_learning_report, make_account_export, trim_documents]


@hookimpl
def register_periodic_tasks() -> Sequence[PeriodicTask]:
    """The removal of old documents, once an hour."""
    return [HOURLY]


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    """Downloads, and the public pages of certificates."""
    from studium.plugins.documents.routes import blueprint  # with Flask-Babel, which programs without pages need not carry

    return [blueprint]


@hookimpl
def register_commands() -> Sequence[click.Command]:
    """`studium certificates`."""
    return [commands.certificates]


@hookimpl
def job_offers(user: SignedInUser, language: str) -> Sequence[JobOffer]:
    """Certificates of completed courses, a learning report, a copy of everything."""
    return [*certificate_offers(user, language), *report_offers(language)]


@hookimpl
def find_document_store() -> DocumentStore:
    """The folder of this plugin, for the files of all plugins."""
    return DocumentStore(storage.keep, kept_for)


@hookimpl
def course_completed(fact: CourseCompleted) -> None:
    """The student finds the certificate waiting."""
    ask_for_certificate(fact)


@hookimpl
def export_user_data(user_id: int) -> Mapping[str, Any]:
    """Files and certificates; the archive holds the files themselves too."""
    return {"documents": export_data.export_user_data(user_id)}


@hookimpl
def user_deleted(fact: UserDeleted) -> None:
    """Their files go, and their name from their certificates."""
    deletion.forget(fact.user_id)
