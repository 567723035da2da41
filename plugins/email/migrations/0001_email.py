"""E-mail addresses of people."""

import sqlalchemy as sa
from alembic import op

revision = "email_0001"
down_revision = None
branch_labels = ("email",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "email_address",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("nonce", sa.Text, nullable=False),
        sa.Column("token_hash", sa.Text, nullable=False, unique=True),
        sa.Column("asked_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("confirmed_at", sa.DateTime),
        sa.Column("refused_at", sa.DateTime),
        sa.Column("refused_reason", sa.Text, nullable=False),
        sa.UniqueConstraint("user_id", "address", name="unq_email_address__user_id_address"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_email_address__expires_at", "email_address", ["expires_at"])


def downgrade() -> None:
    op.drop_table("email_address")
