"""How a sale stands after its returns, said once.

Revision ID: pre_0037
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "pre_0037"
down_revision = "pre_0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The text is in the .sql file beside this one."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
