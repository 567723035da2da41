"""Updates are known by their bot too, since another bot counts anew; wrong answers are counted by person.

Updates that were there are of bot 0, which is none: nobody knows any more whose they were.
"""

import sqlalchemy as sa
from alembic import op

revision = "telegram_0003"
down_revision = "telegram_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "telegram_bot_update",
        sa.Column("bot_id", sa.BigInteger, primary_key=True, nullable=False),
        sa.Column("update_id", sa.BigInteger, primary_key=True, nullable=False),
        sa.Column("received_at", sa.DateTime, nullable=False),
        sa.Column("handled_at", sa.DateTime),
    )
    op.execute("INSERT INTO telegram_bot_update (bot_id, update_id, received_at, handled_at) "
               "SELECT 0, id, received_at, handled_at FROM telegram_update")
    op.drop_table("telegram_update")
    op.create_index("idx_telegram_bot_update__received_at", "telegram_bot_update", ["received_at"])
    op.add_column("telegram_challenge", sa.Column("wrong_at", sa.DateTime))
    op.create_index("idx_telegram_challenge__telegram_id", "telegram_challenge", ["telegram_id"])


def downgrade() -> None:
    op.drop_index("idx_telegram_challenge__telegram_id", "telegram_challenge")
    op.drop_column("telegram_challenge", "wrong_at")
    op.create_table(
        "telegram_update",
        sa.Column("id", sa.BigInteger, primary_key=True, nullable=False),
        sa.Column("received_at", sa.DateTime, nullable=False),
        sa.Column("handled_at", sa.DateTime),
    )
    op.execute("INSERT INTO telegram_update (id, received_at, handled_at) "
               "SELECT update_id, max(received_at), max(handled_at) FROM telegram_bot_update GROUP BY update_id")
    op.drop_table("telegram_bot_update")
    op.create_index("idx_telegram_update__received_at", "telegram_update", ["received_at"])
