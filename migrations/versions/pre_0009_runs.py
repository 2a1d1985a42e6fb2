"""Runs that post what time has done to points.

Revision ID: pre_0009
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "pre_0009"
down_revision = "pre_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the indexes; the text is in the .sql file beside this one."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
