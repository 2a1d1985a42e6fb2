"""Which climbs a return may still undo, in the order in which they were posted.

Revision ID: pre_0035
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "pre_0035"
down_revision = "pre_0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The text is in the .sql file beside this one."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
