"""The job that makes the PDF of a receipt and keeps it for the buyer."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from studium.plugins.payments.receipt_values import find_receipt
from studium.queue import jobs
from studium.queue.jobs import JobView
from studium.queue.kinds import Discard, job_kind
from studium.queue.running import RunningJob
from studium.services.documents import keep_document, kept_for
from studium.services.translation import N_, translator

KIND = "make_receipt"
RECENT = 50


class ReceiptParams(BaseModel):
    """Of which payment, and in which language."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    payment_id: str = Field(max_length=36)
    language: Literal["en", "ru"] = "en"


def admit(user_id: int, params: ReceiptParams) -> None:
    """Raises NotFound for a payment without money, and for somebody else's."""
    find_receipt(user_id, params.payment_id)


def unique(user_id: int | None, params: ReceiptParams) -> str:
    """One at a time for each payment and language."""
    return f"{user_id}:{params.payment_id}:{params.language}"


@job_kind(KIND, N_("Receipt"), params=ReceiptParams, timeout=60, self_service=True, admit=admit, unique=unique, keep=kept_for,
          tells={"succeeded", "failed"})
def make_receipt(job: RunningJob, params: ReceiptParams) -> dict[str, Any]:
    """Look at the payment as it is now, draw the page, and keep it."""
    _ = translator(params.language).gettext
    if job.user_id is None:
        raise Discard("A receipt is made for the buyer, but this job has none.")
    receipt = find_receipt(job.user_id, params.payment_id)
    job.progress(30, _("Drawing the receipt"))
    job.checkpoint()
    from studium.plugins.payments.receipt_pdf import draw  # Babel and Typst are heavy; an idle worker does without them

    pdf = draw(receipt, params.language)
    job.checkpoint()
    filename = " ".join((_("Receipt"), receipt.payment.number)) + ".pdf"
    kept = keep_document(job, filename, "application/pdf", lambda path: path.write_bytes(pdf))
    return kept | {"page": f"/payments/{params.payment_id}/receipt"}


def find_made(user_id: int, payment_id: str, language: str) -> JobView | None:
    """The newest job for this receipt that waits, runs or has something to download; None when it must be asked for."""
    wanted = {"payment_id": payment_id, "language": language}
    for job in jobs.jobs_of(user_id, RECENT):
        if job.kind == KIND and job.params == wanted and (job.active or job.result):
            return job
    return None
