"""Allowances of tills that are cut off, and the key that signs them.

Revision ID: pre_0007
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "pre_0007"
down_revision = "pre_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; the text is in the .sql file beside this one."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
