"""The shop driven at random for long: two thousand days of fifty steps (tests/db has the short)."""

import pytest

from support.machine import drive

PARTS = 200


@pytest.mark.faults_long
@pytest.mark.parametrize("part", range(PARTS))
def test_two_thousand_random_days(dsn, part):
    """Each part in a database of its own: after every step all that was ever done is proved."""
    drive(dsn, examples=2_000 // PARTS, steps=50)
