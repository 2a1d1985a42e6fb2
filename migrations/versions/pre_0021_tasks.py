"""Long work with its progress: imports, and what they could not take.

Revision ID: pre_0021
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "pre_0021"
down_revision = "pre_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The text is in the .sql file beside this one."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
