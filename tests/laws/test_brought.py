"""Which purchases of somebody who was brought can count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tessera.base.ids import new_id
from tessera.referrals.core import Brought

JOINED = datetime(2026, 3, 2, 10, 0, 7, 640_000, tzinfo=UTC)
END = JOINED + timedelta(days=90)


@pytest.mark.parametrize(
    ("happened_at", "counts"),
    [
        (JOINED.replace(microsecond=0), True),  # as a till tells the time right after joining
        (JOINED, True),
        (JOINED.replace(second=6, microsecond=999_999), False),
        (END, True),
        (END + timedelta(seconds=1), False),
    ],
)
def test_a_purchase_counts_from_the_second_of_joining_to_the_end(happened_at, counts):
    one = Brought(new_id(), new_id(), new_id(), JOINED, 500, 200, 1, 0, 14, END)
    assert one.takes(happened_at) is counts
