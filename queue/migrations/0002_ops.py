"""Counters, arguments, story and pauses of jobs; indexes for pages over a million of them."""

import sqlalchemy as sa
from alembic import op

from studium.queue.sqlite_counters import drop_counters, make_counters

revision = "queue_0002"
down_revision = "queue_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("idx_job__state_queue_priority_run_at", "job")
    op.drop_index("idx_job__user_id_state", "job")
    op.create_index("idx_job__state_queue_kind_priority_run_at", "job", ["state", "queue", "kind", "priority", "run_at"])
    op.create_index("idx_job__user_id_state_id", "job", ["user_id", "state", "id"])
    op.create_index("idx_job__kind_state_id", "job", ["kind", "state", "id"])
    op.create_table(
        "job_count",
        sa.Column("kind", sa.String(100), nullable=False),
        sa.Column("queue", sa.String(40), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("jobs", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("kind", "queue", "state"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "job_argument",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("value", sa.String(100), nullable=False),
        sa.Column("job_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("name", "value", "job_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("idx_job_argument__job_id", "job_argument", ["job_id"])
    op.create_table(
        "job_line",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_job_line__job_id", "job_line", ["job_id"])
    op.create_table(
        "queue_pause",
        sa.Column("queue", sa.String(40), primary_key=True),
        sa.Column("paused_by", sa.String(200), nullable=False),
        sa.Column("paused_at", sa.DateTime, nullable=False),
    )
    make_counters(op.execute)


def downgrade() -> None:
    drop_counters(op.execute)
    for table in ("queue_pause", "job_line", "job_argument", "job_count"):
        op.drop_table(table)
    op.drop_index("idx_job__kind_state_id", "job")
    op.drop_index("idx_job__user_id_state_id", "job")
    op.drop_index("idx_job__state_queue_kind_priority_run_at", "job")
    op.create_index("idx_job__user_id_state", "job", ["user_id", "state"])
    op.create_index("idx_job__state_queue_priority_run_at", "job", ["state", "queue", sa.text("priority DESC"), "run_at"])
