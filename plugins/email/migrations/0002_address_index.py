"""An index by which a dead address is found among many."""

from alembic import op

revision = "email_0002"
down_revision = "email_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("idx_email_address__address", "email_address", ["address"])


def downgrade() -> None:
    op.drop_index("idx_email_address__address", "email_address")
