"""The register of incidents.

Revision ID: pre_0005
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "pre_0005"
down_revision = "pre_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the schema and its tables; the text is in the .sql file beside this one."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
