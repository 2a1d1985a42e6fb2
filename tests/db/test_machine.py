"""The shop driven at random: days of thirty steps, proved after each step."""

import pytest

from support.machine import drive
from support.machine_joined import OFFERED, JoinedMachine

# Each step proves all its shop has seen: a shop of fifty days takes longer than five of ten.
DAYS = [4, *(pytest.param(10, marks=pytest.mark.faults_long) for _ in range(5))]


@pytest.mark.slow
@pytest.mark.parametrize("days", DAYS)
def test_random_days(dsn, days):
    drive(dsn, examples=days, steps=30)


@pytest.mark.slow
@pytest.mark.parametrize("days", [4, pytest.param(10, marks=pytest.mark.faults_long)])
def test_random_days_of_members_who_are_one_or_share_an_account(dsn, days):
    drive(dsn, examples=days, steps=30, machine=JoinedMachine, program=OFFERED)
