"""The catalogue of rewards, what was claimed of it, and codes of others.

Revision ID: pre_0027
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "pre_0027"
down_revision = "pre_0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The text is in the .sql file beside this one."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
