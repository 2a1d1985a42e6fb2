"""Several currencies of points, pending points, points that live with activity.

Revision ID: pre_0006
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "pre_0006"
down_revision = "pre_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and indexes; the text is in the .sql file beside this one."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
