"""The address of a person's photo."""

import sqlalchemy as sa
from alembic import op

revision = "auth_0003"
down_revision = "auth_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("photo_url", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("user", "photo_url")
