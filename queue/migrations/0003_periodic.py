"""Periodic tasks and their runs, live workers, and minutes of the queues."""

import sqlalchemy as sa
from alembic import op

revision = "queue_0003"
down_revision = "queue_0002"
branch_labels = None
depends_on = None
COUNTS = ("started", "succeeded", "failed", "cancelled", "retried")


def upgrade() -> None:
    op.create_table(
        "periodic_task",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("schedule", sa.String(200), nullable=False),
        sa.Column("next_due_at", sa.DateTime, nullable=False),
        sa.Column("paused_at", sa.DateTime),
        sa.Column("paused_by", sa.String(200), nullable=False),
    )
    op.create_table(
        "periodic_run",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("task", sa.String(100), nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("decided_at", sa.DateTime, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("job_id", sa.String(36)),
        sa.Column("end_state", sa.String(10)),
        sa.Column("started_by", sa.String(200), nullable=False),
        sa.UniqueConstraint("task", "due_at", name="unq_periodic_run__task_due_at"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "worker",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("queue", sa.String(40), nullable=False),
        sa.Column("host", sa.String(100), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("threads", sa.Integer, nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        sa.Column("draining", sa.Boolean, nullable=False),
    )
    op.create_table(
        "job_minute",
        sa.Column("minute", sa.DateTime, primary_key=True),
        sa.Column("queue", sa.String(40), primary_key=True),
        *(sa.Column(count, sa.Integer, nullable=False) for count in COUNTS),
        sa.Column("wait_ms", sa.Text, nullable=False),
        sa.Column("run_ms", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for table in ("job_minute", "worker", "periodic_run", "periodic_task"):
        op.drop_table(table)
