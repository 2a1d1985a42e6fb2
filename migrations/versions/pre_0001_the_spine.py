"""The spine: keys, members, ledger, programs, receipts, loads.

Revision ID: pre_0001
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "pre_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the rooms' tables; the text is in the .sql file beside this one."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
