"""Courses, modules, lessons, tiers and their media files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "courses_0001"
down_revision = None
branch_labels = ("courses",)
depends_on = None


def upgrade() -> None:
    """Create the tables of the catalogue."""
    op.create_table(
        "course",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("slug", sa.String(100), nullable=False, unique=True),
        sa.Column("languages", sa.String(200), nullable=False),
        sa.Column("texts", sa.Text, nullable=False),
        sa.Column("revision", sa.String(32), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "module",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("course", sa.Integer, sa.ForeignKey("course.id", ondelete="CASCADE"), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("texts", sa.Text, nullable=False),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.UniqueConstraint("course", "key", name="unq_module__course_key"),
        sqlite_autoincrement=True,
    )
    _create_lesson()
    op.create_table(
        "tier",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("course", sa.Integer, sa.ForeignKey("course.id", ondelete="CASCADE"), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("texts", sa.Text, nullable=False),
        sa.Column("prices", sa.Text, nullable=False),
        sa.Column("access_days", sa.Integer),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.UniqueConstraint("course", "key", name="unq_tier__course_key"),
        sqlite_autoincrement=True,
    )
    _create_asset()


def _create_lesson() -> None:
    op.create_table(
        "lesson",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("course", sa.Integer, sa.ForeignKey("course.id", ondelete="CASCADE"), nullable=False),
        sa.Column("module", sa.Integer, sa.ForeignKey("module.id", ondelete="CASCADE"), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("slug", sa.String(100), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("rule", sa.String(16), nullable=False),
        sa.Column("threshold", sa.Integer, nullable=False),
        sa.Column("duration_ms", sa.BigInteger, nullable=False),
        sa.Column("preview", sa.Boolean, nullable=False),
        sa.Column("required", sa.Boolean, nullable=False),
        sa.Column("available", sa.String(40), nullable=False),
        sa.Column("tiers", sa.Text, nullable=False),
        sa.Column("texts", sa.Text, nullable=False),
        sa.Column("chapters", sa.Text, nullable=False),
        sa.Column("asset_rev", sa.String(64), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("updated_at", sa.DateTime, nullable=False),
        sa.UniqueConstraint("course", "key", name="unq_lesson__course_key"),
        sa.UniqueConstraint("course", "slug", name="unq_lesson__course_slug"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_lesson__module", "lesson", ["module"])


def _create_asset() -> None:
    op.create_table(
        "asset",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("course", sa.Integer, sa.ForeignKey("course.id", ondelete="CASCADE"), nullable=False),
        sa.Column("lesson", sa.Integer, sa.ForeignKey("lesson.id", ondelete="SET NULL")),
        sa.Column("place", sa.String(100), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("texts", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("mime", sa.String(100), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.UniqueConstraint("course", "place", "name", name="unq_asset__course_place_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("idx_asset__lesson", "asset", ["lesson"])
    op.create_index("idx_asset__course_archived", "asset", ["course", "archived"])


def downgrade() -> None:
    """Drop the tables of the catalogue, children first."""
    for table in ("asset", "tier", "lesson", "module", "course"):
        op.drop_table(table)
