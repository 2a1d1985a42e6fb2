"""What members did and what rules gave them, day by day.

Revision ID: pre_0003
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "pre_0003"
down_revision = "pre_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and fill them from the receipts; the text is in the .sql file beside it."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
