"""Chats: to whom each bot may write. Who wrote to it before is known from their next message on."""

import sqlalchemy as sa
from alembic import op

revision = "telegram_0004"
down_revision = "telegram_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "telegram_bot_chat",
        sa.Column("bot_id", sa.BigInteger, primary_key=True, nullable=False),
        sa.Column("telegram_id", sa.BigInteger, primary_key=True, nullable=False),
        sa.Column("opened_at", sa.DateTime, nullable=False),
        sa.Column("stopped_at", sa.DateTime),
        sa.Column("blocked_at", sa.DateTime),
    )


def downgrade() -> None:
    op.drop_table("telegram_bot_chat")
