"""By which phone or address somebody came in.

Revision ID: pre_0039
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "pre_0039"
down_revision = "pre_0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The text is in the .sql file beside this one."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
