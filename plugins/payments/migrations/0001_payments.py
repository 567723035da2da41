"""Payments with their audit, ledger and refunds, enrolments, coupons, and the inbox of webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "payments_0001"
down_revision = None
branch_labels = ("payments",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payment",
        sa.Column("id", sa.Text, primary_key=True, nullable=False),
        sa.Column("number", sa.Text, nullable=False, unique=True),
        sa.Column("user_id", sa.Integer),
        sa.Column("course_id", sa.Integer, nullable=False),
        sa.Column("tier_id", sa.Integer, nullable=False),
        sa.Column("tier_key", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("list_minor", sa.BigInteger, nullable=False),
        sa.Column("discount_minor", sa.BigInteger, nullable=False),
        sa.Column("credit_minor", sa.BigInteger, nullable=False),
        sa.Column("paid_minor", sa.BigInteger, nullable=False),
        sa.Column("refunded_minor", sa.BigInteger, nullable=False),
        sa.Column("coupon_id", sa.Integer),
        sa.Column("upgrade_of", sa.Integer),
        sa.Column("access_days", sa.Integer),
        sa.Column("livemode", sa.Boolean, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("email", sa.Text),
        sa.Column("attempt_key", sa.Text, nullable=False),
        sa.Column("open_key", sa.Text, unique=True),
        sa.Column("redirect_url", sa.Text),
        sa.Column("metadata", sa.Text, nullable=False),
        sa.Column("set_aside", sa.Boolean, nullable=False),
        sa.Column("problem", sa.Text),
        sa.Column("last_error", sa.Text),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
        sa.Column("begun_at", sa.DateTime),
        sa.Column("completed_at", sa.DateTime),
        sa.Column("expires_at", sa.DateTime),
        sa.Column("next_check_at", sa.DateTime),
        sa.Column("checks", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.UniqueConstraint("provider", "reference", name="unq_payment__provider_reference"),
    )
    op.create_index("idx_payment__user_id", "payment", ["user_id"])
    op.create_index("idx_payment__coupon_id", "payment", ["coupon_id"])
    op.create_index("idx_payment__problem", "payment", ["problem"])
    op.create_index("idx_payment__created_at", "payment", ["created_at"])
    op.create_index("idx_payment__next_check_at", "payment", ["next_check_at"])
    op.create_index("idx_payment__course_id_status", "payment", ["course_id", "status"])
    op.create_index("idx_payment__status_created_at", "payment", ["status", "created_at"])
    op.create_table(
        "payment_reference",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("payment_id", sa.Text, nullable=False),
        sa.UniqueConstraint("provider", "ref", name="unq_payment_reference__provider_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_payment_reference__payment_id", "payment_reference", ["payment_id"])
    op.create_table(
        "payment_event",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("payment_id", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_payment_event__payment_id", "payment_event", ["payment_id"])
    op.create_table(
        "payment_ledger",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("payment_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("payment_id", "kind", "ref", name="unq_payment_ledger__payment_id_kind_ref"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_payment_ledger__at", "payment_ledger", ["at"])
    op.create_table(
        "payment_refund",
        sa.Column("id", sa.Text, primary_key=True, nullable=False),
        sa.Column("payment_id", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("completed_at", sa.DateTime),
        sa.Column("next_check_at", sa.DateTime),
        sa.Column("checks", sa.Integer, nullable=False),
        sa.UniqueConstraint("provider", "reference", name="unq_payment_refund__provider_reference"),
    )
    op.create_index("idx_payment_refund__payment_id", "payment_refund", ["payment_id"])
    op.create_index("idx_payment_refund__next_check_at", "payment_refund", ["next_check_at"])
    op.create_table(
        "enrolment",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("course_id", sa.Integer, nullable=False),
        sa.Column("tier_id", sa.Integer, nullable=False),
        sa.Column("tier_key", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("payment_id", sa.Text),
        sa.Column("base_id", sa.Integer),
        sa.Column("amount_paid_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("granted_by", sa.Text, nullable=False),
        sa.Column("enrolled_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime),
        sa.Column("noticed_days", sa.Integer),
        sa.Column("revoked_at", sa.DateTime),
        sa.Column("revoked_kind", sa.Text),
        sa.Column("revoked_reason", sa.Text, nullable=False),
        sa.Column("revoked_by", sa.Text, nullable=False),
        sa.UniqueConstraint("user_id", "course_id", "tier_id", name="unq_enrolment__user_id_course_id_tier_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_enrolment__payment_id", "enrolment", ["payment_id"])
    op.create_index("idx_enrolment__noticed_days_expires_at", "enrolment", ["noticed_days", "expires_at"])
    op.create_index("idx_enrolment__course_id_revoked_at", "enrolment", ["course_id", "revoked_at"])
    op.create_table(
        "coupon",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("code", sa.Text, nullable=False, unique=True),
        sa.Column("percent", sa.Integer),
        sa.Column("amount_minor", sa.BigInteger),
        sa.Column("currency", sa.Text),
        sa.Column("course_id", sa.Integer),
        sa.Column("tier_keys", sa.Text, nullable=False),
        sa.Column("max_uses", sa.Integer),
        sa.Column("once_per_user", sa.Boolean, nullable=False),
        sa.Column("valid_from", sa.DateTime),
        sa.Column("valid_until", sa.DateTime),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("archived_at", sa.DateTime),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "coupon_use",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("coupon_id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer),
        sa.Column("payment_id", sa.Text, nullable=False, unique=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_coupon_use__coupon_id_state", "coupon_use", ["coupon_id", "state"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("event_key", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("object_id", sa.Text, nullable=False),
        sa.Column("payment_id", sa.Text),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("raw", sa.Text, nullable=False),
        sa.Column("remote_addr", sa.Text, nullable=False),
        sa.Column("received_at", sa.DateTime, nullable=False),
        sa.Column("deliveries", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.Column("processed_at", sa.DateTime),
        sa.UniqueConstraint("provider", "event_key", name="unq_webhook_delivery__provider_event_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_webhook_delivery__payment_id", "webhook_delivery", ["payment_id"])
    op.create_index("idx_webhook_delivery__received_at", "webhook_delivery", ["received_at"])
    op.create_index("idx_webhook_delivery__provider_object_id", "webhook_delivery", ["provider", "object_id"])
    op.create_index("idx_webhook_delivery__state_received_at", "webhook_delivery", ["state", "received_at"])
    op.create_table(
        "webhook_rejection",
        sa.Column("provider", sa.Text, primary_key=True, nullable=False),
        sa.Column("day", sa.Text, primary_key=True, nullable=False),
        sa.Column("reason", sa.Text, primary_key=True, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_table(
        "payment_drift",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("looked_at", sa.Integer, nullable=False),
        sa.Column("findings", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    op.drop_table("payment_drift")
    op.drop_table("webhook_rejection")
    op.drop_table("webhook_delivery")
    op.drop_table("coupon_use")
    op.drop_table("coupon")
    op.drop_table("enrolment")
    op.drop_table("payment_refund")
    op.drop_table("payment_ledger")
    op.drop_table("payment_event")
    op.drop_table("payment_reference")
    op.drop_table("payment")
