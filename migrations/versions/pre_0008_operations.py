"""Transfers, gifts, donations, exchange, adjustments, extensions: what was done besides receipts.

Revision ID: pre_0008
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "pre_0008"
down_revision = "pre_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; the text is in the .sql file beside this one."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
