"""Progress of lessons, and watch sessions."""

import sqlalchemy as sa
from alembic import op

revision = "progress_0001"
down_revision = None
branch_labels = ("progress",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lesson_progress",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("lesson_id", sa.Integer, nullable=False),
        sa.Column("course_id", sa.Integer, nullable=False),
        sa.Column("watch_time_seconds", sa.Integer, nullable=False),
        sa.Column("total_duration_seconds", sa.Integer, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("covered", sa.BigInteger, nullable=False),
        sa.Column("segments", sa.Text, nullable=False),
        sa.Column("last_watched_at", sa.DateTime),
        sa.Column("completed", sa.Boolean, nullable=False),
        sa.Column("completed_at", sa.DateTime),
        sa.UniqueConstraint("user_id", "lesson_id", name="unq_lesson_progress__user_id_lesson_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_lesson_progress__user_id_course_id", "lesson_progress", ["user_id", "course_id"])
    op.create_table(
        "watch_session",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("session_key", sa.Text, nullable=False, unique=True),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("lesson_id", sa.Integer, nullable=False),
        sa.Column("asset_rev", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("segments", sa.Text, nullable=False),
        sa.Column("played", sa.BigInteger, nullable=False),
        sa.Column("hidden", sa.BigInteger, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("event_at", sa.BigInteger, nullable=False),
        sa.Column("credited", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_watch_session__user_id_lesson_id", "watch_session", ["user_id", "lesson_id"])


def downgrade() -> None:
    op.drop_table("watch_session")
    op.drop_table("lesson_progress")
