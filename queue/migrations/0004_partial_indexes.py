"""Two indexes hold only the rows that they are asked for, so that fewer pages are written for each job."""

import sqlalchemy as sa
from alembic import op

revision = "queue_0004"
down_revision = "queue_0003"
branch_labels = None
depends_on = None
INDEXES = {
    "idx_job__user_id_state_id": (["user_id", "state", "id"], sa.text("user_id is not null")),
    "idx_job__state_finished_at": (["state", "finished_at"], sa.text("finished_at is not null")),
}


def upgrade() -> None:
    for name, (columns, rows) in INDEXES.items():
        op.drop_index(name, "job")
        op.create_index(name, "job", columns, sqlite_where=rows, postgresql_where=rows)


def downgrade() -> None:
    for name, (columns, _rows) in INDEXES.items():
        op.drop_index(name, "job")
        op.create_index(name, "job", columns)
