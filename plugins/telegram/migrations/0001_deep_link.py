"""Sign-in by the bot: challenges and received updates."""

import sqlalchemy as sa
from alembic import op

revision = "telegram_0001"
down_revision = None
branch_labels = ("telegram",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "telegram_challenge",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("token_hash", sa.Text, nullable=False, unique=True),
        sa.Column("browser_hash", sa.Text, nullable=False, unique=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("choices", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("telegram_id", sa.BigInteger),
        sa.Column("first_name", sa.Text, nullable=False),
        sa.Column("last_name", sa.Text, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("confirmed_at", sa.DateTime),
        sa.Column("cancelled_at", sa.DateTime),
        sa.Column("used_at", sa.DateTime),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_telegram_challenge__expires_at", "telegram_challenge", ["expires_at"])
    op.create_table(
        "telegram_update",
        sa.Column("id", sa.BigInteger, primary_key=True, nullable=False),
        sa.Column("received_at", sa.DateTime, nullable=False),
        sa.Column("handled_at", sa.DateTime),
    )
    op.create_index("idx_telegram_update__received_at", "telegram_update", ["received_at"])


def downgrade() -> None:
    op.drop_table("telegram_update")
    op.drop_table("telegram_challenge")
