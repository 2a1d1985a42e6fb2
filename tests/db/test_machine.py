"""The shop driven at random: fifty days of thirty steps, proved after each step."""

import pytest

from support.machine import drive


@pytest.mark.slow
def test_fifty_random_days(dsn):
    drive(dsn, examples=50, steps=30)
