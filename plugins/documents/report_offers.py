"""What the dashboard offers to everybody: a learning report, and a copy of all their data."""

from __future__ import annotations

from studium.plugins.documents import export_job, report_job
from studium.services.offers import JobOffer
from studium.services.translation import translator


def report_offers(language: str) -> list[JobOffer]:
    """Both; neither depends on what the person has done so far."""
    _ = translator(language).gettext
    return [
        JobOffer(report_job.KIND, {"days": 30, "language": language}, _("Learning report"),
                 _("Your last 30 days with charts, as a PDF and as a table."), "gauge"),
        JobOffer(export_job.KIND, {"language": language}, _("Copy of my data"),
                 _("Everything that is kept about you, and your documents, as one ZIP archive.")),
    ]
