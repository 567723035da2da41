"""Confirmations of the legacy widget that were used."""

import sqlalchemy as sa
from alembic import op

revision = "telegram_0002"
down_revision = "telegram_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "telegram_widget_use",
        sa.Column("hash", sa.Text, primary_key=True, nullable=False),
        sa.Column("used_at", sa.DateTime, nullable=False),
    )
    op.create_index("idx_telegram_widget_use__used_at", "telegram_widget_use", ["used_at"])


def downgrade() -> None:
    op.drop_table("telegram_widget_use")
