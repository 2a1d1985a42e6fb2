"""Coupons as rewards, what is drawn on budgets besides receipts, pieces that a supplier pays for.

Revision ID: pre_0031
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "pre_0031"
down_revision = "pre_0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The text is in the .sql file beside this one."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
