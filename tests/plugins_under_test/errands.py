"""A third-party plugin for tests of what students see of jobs: errands that they may start themselves, and offers of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from studium.core.errors import Conflict, NotFound
from studium.core.plugins import hookimpl
from studium.queue.kinds import Discard, JobKind, job_kind
from studium.queue.running import RunningJob
from studium.services.documents import keep_document, kept_for
from studium.services.offers import JobOffer
from studium.services.users import SignedInUser

SECRET = "password=hunter2"


class Errand(BaseModel):
    """What to do, and how it ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    word: str = Field("", max_length=100)
    end: Literal["done", "discard", "error", "odd"] = "done"


@job_kind("errand", "An errand", params=Errand, retries=0, self_service=True)
def errand(job: RunningJob, params: Errand) -> dict[str, Any]:
    """End as told."""
    job.progress(40, "on the way")
    if params.end == "discard":
        raise Discard("The shop is closed today.")
    if params.end == "error":
        raise RuntimeError(f"cannot connect to the shop, {SECRET}")
    return {"set": {1}} if params.end == "odd" else {"word": params.word}


@job_kind("slow_errand", "A slow errand", params=Errand, retries=1, backoff=60, self_service=True)
def slow_errand(job: RunningJob, params: Errand) -> None:
    """Fail, to be tried again in a minute."""
    raise RuntimeError(SECRET)


@job_kind("leaflet", "A leaflet", keep=kept_for)
def leaflet(job: RunningJob, _params: object) -> dict[str, Any]:
    """A file that another plugin keeps."""
    return keep_document(job, "Leaflet.txt", "text/plain", lambda path: path.write_text("About the school."))


def _only_for_friends(user_id: int, params: Errand) -> None:
    if params.word == "unknown":
        raise NotFound("There is no such friend.")
    if params.word == "angry":
        raise Conflict("Your friend does not want a letter now.")


@job_kind(
    "letter", "A letter", params=Errand, retries=0, self_service=True, admit=_only_for_friends,
    unique=lambda user_id, params: params.word if params.word == "shared" else f"{user_id}:{params.word}",
)
def letter(job: RunningJob, params: Errand) -> dict[str, Any]:
    """A file of one's own."""
    return {
        "download": f"/letters/{job.id}", "filename": "letter.pdf", "bytes": 12_345, "expires_at": "2999-01-01T00:00:00Z",
        "page": "/letters", "also": [{"download": "/letters/copy", "filename": "copy.csv"}],
    }


@hookimpl
def register_jobs() -> Sequence[JobKind[Any]]:
    """All errands."""
    return [errand, slow_errand, leaflet, letter]


@hookimpl
def job_offers(user: SignedInUser, language: str) -> Sequence[JobOffer]:
    """A letter for those who have somebody to write to."""
    if user.display_name != "Otto":
        return []
    title = "Письмо" if language == "ru" else "A letter"
    return [JobOffer("letter", {"word": 'to "Anna" & <co>'}, title, "With a stamp.")]
