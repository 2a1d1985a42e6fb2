"""What budgets have been drawn on, shared by all tills.

Revision ID: pre_0024
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "pre_0024"
down_revision = "pre_0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The text is in the .sql file beside this one."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
