"""Codes are counted in buckets that fill again.

Revision ID: pre_0040
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "pre_0040"
down_revision = "pre_0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The text is in the .sql file beside this one."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
