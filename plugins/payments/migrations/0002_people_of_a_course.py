"""An index that has the people of a course in the order of their ids, for whoever writes to all of them in pieces."""

from alembic import op

revision = "payments_0002"
down_revision = "payments_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("idx_enrolment__course_id_revoked_at", "enrolment")
    op.create_index("idx_enrolment__course_id_revoked_at_user_id", "enrolment", ["course_id", "revoked_at", "user_id"])


def downgrade() -> None:
    op.drop_index("idx_enrolment__course_id_revoked_at_user_id", "enrolment")
    op.create_index("idx_enrolment__course_id_revoked_at", "enrolment", ["course_id", "revoked_at"])
