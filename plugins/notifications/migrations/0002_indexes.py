"""Indexes for many people with many notices each: the newest of a person, and what waits of a person until a moment."""

from alembic import op

revision = "notifications_0002"
down_revision = "notifications_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("idx_notification__user_id_id", "notification", ["user_id", "id"])
    op.drop_index("idx_notification_delivery__user_id_channel_state", "notification_delivery")
    op.create_index(
        "idx_notification_delivery__user_id_channel_state_due_at", "notification_delivery", ["user_id", "channel", "state", "due_at"])


def downgrade() -> None:
    op.drop_index("idx_notification_delivery__user_id_channel_state_due_at", "notification_delivery")
    op.create_index("idx_notification_delivery__user_id_channel_state", "notification_delivery", ["user_id", "channel", "state"])
    op.drop_index("idx_notification__user_id_id", "notification")
