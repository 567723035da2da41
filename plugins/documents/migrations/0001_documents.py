"""Files to download, certificates, and the history of their validity."""

import sqlalchemy as sa
from alembic import op

revision = "documents_0001"
down_revision = None
branch_labels = ("documents",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.Text, primary_key=True, nullable=False),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("content_type", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("path", sa.Text, nullable=False, unique=True),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("expires_at", sa.DateTime, nullable=False),
        sa.Column("removed_at", sa.DateTime),
        sa.UniqueConstraint("job_id", "filename", name="unq_document__job_id_filename"),
    )
    op.create_index("idx_document__user_id", "document", ["user_id"])
    op.create_index("idx_document__expires_at", "document", ["expires_at"])
    op.create_table(
        "certificate",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("code", sa.Text, nullable=False, unique=True),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("course_id", sa.Integer, nullable=False),
        sa.Column("student_name", sa.Text, nullable=False),
        sa.Column("course_titles", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("completed_at", sa.DateTime, nullable=False),
        sa.Column("issued_at", sa.DateTime, nullable=False),
        sa.Column("document_id", sa.Text, nullable=False),
        sa.Column("revoked_at", sa.DateTime),
        sa.Column("revoked_by", sa.Text, nullable=False),
        sa.Column("revoke_reason", sa.Text, nullable=False),
        sa.UniqueConstraint("user_id", "course_id", name="unq_certificate__user_id_course_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "certificate_change",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("certificate", sa.Integer, sa.ForeignKey("certificate.id", ondelete="CASCADE"), nullable=False),
        sa.Column("change", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_certificate_change__certificate", "certificate_change", ["certificate"])


def downgrade() -> None:
    op.drop_table("certificate_change")
    op.drop_table("certificate")
    op.drop_table("document")
