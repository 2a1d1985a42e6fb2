"""Joining: where from, verified identifiers, consents, choices.

Revision ID: pre_0013
"""

from __future__ import annotations

from pathlib import Path

import phonenumbers
import sqlalchemy as sa
from alembic import op

revision = "pre_0013"
down_revision = "pre_0012"
branch_labels = None
depends_on = None

# Only these can have been written with a prefix that is dialled inside a country: +44 (0)20,
# +7 8 916. Italy's numbers begin with 0 by right and come out as they were.
_DOUBTFUL = sa.text(
    "SELECT value FROM members.identifier"
    " WHERE kind = 'phone' AND value ~ '^[+][1-9][0-9]{0,2}[08]'"
)
_RESPELL = sa.text(
    "UPDATE members.identifier AS i SET value = :fresh WHERE i.kind = 'phone' AND i.value = :old"
    " AND NOT EXISTS (SELECT FROM members.identifier AS o"
    " WHERE o.kind = 'phone' AND o.value = :fresh)"
)


def upgrade() -> None:
    """The text is in the .sql file beside this one; then phones are spelled as they are dialled."""
    op.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    bind = op.get_bind()
    for (old,) in bind.execute(_DOUBTFUL).fetchall():
        fresh = _spelled(old)
        if fresh != old:
            bind.execute(_RESPELL, {"old": old, "fresh": fresh})


def _spelled(value: str) -> str:
    """As E.164 writes it; as it is if no plan has such numbers."""
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        return value
    if not phonenumbers.is_possible_number(number):
        return value
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
