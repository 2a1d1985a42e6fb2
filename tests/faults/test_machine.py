"""The shop driven at random for long: two thousand days of fifty steps (tests/db has the short)."""

import pytest

from support.machine import drive


@pytest.mark.faults_long
def test_two_thousand_random_days(dsn):
    drive(dsn, examples=2_000, steps=50)
