"""Facts, their deliveries, heartbeats."""

import sqlalchemy as sa
from alembic import op

revision = "core_0001"
down_revision = None
branch_labels = ("core",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fact",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("unique_key", sa.Text, unique=True),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "fact_delivery",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("fact", sa.Integer, sa.ForeignKey("fact.id", ondelete="CASCADE"), nullable=False),
        sa.Column("subscriber", sa.Text, nullable=False),
        sa.Column("delivered_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("fact", "subscriber", name="unq_fact_delivery__fact_subscriber"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "heartbeat",
        sa.Column("program", sa.Text, primary_key=True),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("heartbeat")
    op.drop_table("fact_delivery")
    op.drop_table("fact")
