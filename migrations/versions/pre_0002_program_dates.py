"""Program versions have a date from which they decide, and a note.

Revision ID: pre_0002
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "pre_0002"
down_revision = "pre_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; the text is in the .sql file beside this one."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
