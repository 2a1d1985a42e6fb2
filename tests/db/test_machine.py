"""The shop driven at random: fifty days of thirty steps, proved after each step."""

import pytest

from support.machine import drive
from support.machine_joined import OFFERED, JoinedMachine


# In five shops: each step proves all that its shop has seen, so a shop of fifty days takes longer.
@pytest.mark.slow
@pytest.mark.parametrize(
    "shop", [0, *(pytest.param(shop, marks=pytest.mark.faults_long) for shop in (1, 2, 3, 4))]
)
def test_fifty_random_days(dsn, shop):
    drive(dsn, examples=10, steps=30)


@pytest.mark.slow
def test_random_days_of_members_who_are_one_or_share_an_account(dsn):
    drive(dsn, examples=8, steps=30, machine=JoinedMachine, program=OFFERED)
