"""The addresses under /ops on one screen, behind one gate; what they show lives in pages/ops/."""

from __future__ import annotations

from flask import Blueprint

from studium.core.gates import put_gate

from .pages.ops import bulk, cache, job, job_list, overview, periodic
from .pages.ops.gate import let_ops_in
from .pages.ops.words import words_for_templates

ops = Blueprint("ops", __name__, url_prefix="/ops")
put_gate(ops, let_ops_in)
ops.context_processor(words_for_templates)

ops.add_url_rule("", "front", overview.front)
ops.add_url_rule("/jobs", "overview", overview.show)
ops.add_url_rule("/jobs/parts", "overview_parts", overview.parts)
ops.add_url_rule("/jobs/queues/<queue>/pause", "pause_queue", overview.pause, methods=["POST"])
ops.add_url_rule("/jobs/queues/<queue>/resume", "resume_queue", overview.resume, methods=["POST"])
ops.add_url_rule("/cache", "cache", cache.show)
ops.add_url_rule("/cache/clear", "clear_cache", cache.clear, methods=["POST"])
ops.add_url_rule("/jobs/list", "job_list", job_list.show)
ops.add_url_rule("/jobs/bulk", "bulk", bulk.confirm)
ops.add_url_rule("/jobs/bulk", "start_bulk", bulk.start, methods=["POST"])
ops.add_url_rule("/jobs/periodic/<name>", "periodic", periodic.show)
ops.add_url_rule("/jobs/periodic/<name>/pause", "pause_periodic", periodic.pause, methods=["POST"])
ops.add_url_rule("/jobs/periodic/<name>/resume", "resume_periodic", periodic.resume, methods=["POST"])
ops.add_url_rule("/jobs/periodic/<name>/run", "run_periodic", periodic.run, methods=["POST"])
ops.add_url_rule("/jobs/<job>", "job", job.show)
ops.add_url_rule("/jobs/<job>/parts", "job_parts", job.parts)
ops.add_url_rule("/jobs/<job>/retry", "retry_job", job.retry, methods=["POST"])
ops.add_url_rule("/jobs/<job>/cancel", "cancel_job", job.cancel, methods=["POST"])
ops.add_url_rule("/jobs/<job>/run-now", "run_job", job.run_now, methods=["POST"])
ops.add_url_rule("/jobs/<job>/edit", "edit_job", job.edit)
ops.add_url_rule("/jobs/<job>/edit", "retry_edited_job", job.retry_edited, methods=["POST"])
ops.add_url_rule("/jobs/<job>/discard", "discard_job", job.confirm_discard)
ops.add_url_rule("/jobs/<job>/discard", "discard_job_for_good", job.discard, methods=["POST"])
