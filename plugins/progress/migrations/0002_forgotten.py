"""Students who deleted their account, of whom nothing is written any more."""

import sqlalchemy as sa
from alembic import op

revision = "progress_0002"
down_revision = "progress_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forgotten_student",
        sa.Column("user_id", sa.Integer, primary_key=True, autoincrement=False, nullable=False),
        sa.Column("forgotten_at", sa.DateTime, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("forgotten_student")
