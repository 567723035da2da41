"""Notices, their deliveries and bundles, what people chose, dead addresses, and announcements."""

import sqlalchemy as sa
from alembic import op

revision = "notifications_0001"
down_revision = None
branch_labels = ("notifications",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notification",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("shown", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("read_at", sa.DateTime),
        sa.UniqueConstraint("user_id", "event", "key", name="unq_notification__user_id_event_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_notification__created_at", "notification", ["created_at"])
    op.create_index("idx_notification__user_id_shown_read_at", "notification", ["user_id", "shown", "read_at"])
    op.create_table(
        "notification_delivery",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("notification_id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("due_at", sa.DateTime, nullable=False),
        sa.Column("bundle_id", sa.Integer),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("sent_at", sa.DateTime),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.UniqueConstraint("notification_id", "channel", name="unq_notification_delivery__notification_id_channel"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_notification_delivery__bundle_id", "notification_delivery", ["bundle_id"])
    op.create_index("idx_notification_delivery__user_id_channel_state", "notification_delivery", ["user_id", "channel", "state"])
    op.create_index("idx_notification_delivery__state_due_at", "notification_delivery", ["state", "due_at"])
    op.create_table(
        "notification_bundle",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("sent_at", sa.DateTime),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_notification_bundle__user_id", "notification_bundle", ["user_id"])
    op.create_index("idx_notification_bundle__state_created_at", "notification_bundle", ["state", "created_at"])
    op.create_table(
        "notification_preference",
        sa.Column("user_id", sa.Integer, primary_key=True, nullable=False),
        sa.Column("event", sa.Text, primary_key=True, nullable=False),
        sa.Column("channel", sa.Text, primary_key=True, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
    )
    op.create_table(
        "notification_habit",
        sa.Column("user_id", sa.Integer, primary_key=True, autoincrement=False, nullable=False),
        sa.Column("digest_at", sa.Integer, nullable=False),
        sa.Column("quiet_from", sa.Integer),
        sa.Column("quiet_until", sa.Integer),
    )
    op.create_table(
        "notification_silence",
        sa.Column("user_id", sa.Integer, primary_key=True, nullable=False),
        sa.Column("channel", sa.Text, primary_key=True, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
    )
    op.create_table(
        "notification_broadcast",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("titles", sa.Text, nullable=False),
        sa.Column("texts", sa.Text, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("course_id", sa.Integer),
        sa.Column("by_user_id", sa.Integer),
        sa.Column("form_id", sa.Text, nullable=False, unique=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reached", sa.Integer, nullable=False),
        sa.Column("told", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("finished_at", sa.DateTime),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for table in ("broadcast", "silence", "habit", "preference", "bundle", "delivery"):
        op.drop_table(f"notification_{table}")
    op.drop_table("notification")
