"""Jobs."""

import sqlalchemy as sa
from alembic import op

revision = "queue_0001"
down_revision = None
branch_labels = ("queue",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(100), nullable=False),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("params", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("queue", sa.String(40), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("run_at", sa.DateTime, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("crashes", sa.Integer, nullable=False),
        sa.Column("progress", sa.Integer, nullable=False),
        sa.Column("message", sa.String(500), nullable=False),
        sa.Column("result", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("unique_key", sa.String(255)),
        sa.Column("active_key", sa.String(360), unique=True),
        sa.Column("cancel_requested_at", sa.DateTime),
        sa.Column("lease", sa.String(32)),
        sa.Column("worker", sa.String(100)),
        sa.Column("leased_until", sa.DateTime),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("started_at", sa.DateTime),
        sa.Column("finished_at", sa.DateTime),
    )
    # Descending priority: the best due job of a state and queue is then the first entry of the index.
    op.create_index(
        "idx_job__state_queue_priority_run_at", "job", ["state", "queue", sa.text("priority DESC"), "run_at"]
    )
    op.create_index("idx_job__user_id_state", "job", ["user_id", "state"])
    op.create_index("idx_job__state_finished_at", "job", ["state", "finished_at"])


def downgrade() -> None:
    op.drop_table("job")
