"""Attributes and favourites of members; events.

Revision ID: pre_0004
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "pre_0004"
down_revision = "pre_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table; the text is in the .sql file beside this one."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
