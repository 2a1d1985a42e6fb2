"""Ten thousand short lives of a shop in memory, each from its seed; and that they notice."""

from __future__ import annotations

import pytest

from faults.simulation.life import Life
from faults.test_core_mutants import MUTANTS

pytestmark = pytest.mark.faults
BLOCKS, LONG = 10, 1_000  # lives of a block; without --long:
SHORT = 30
FOUND_WITHIN = 500
# What one process decides over one table cannot show: which call has a key, who is sent what.
ELSEWHERE = {"refused_call_keeps_its_key", "transfer_loses_its_second_leg"}
HERE = [mutant for mutant in MUTANTS if mutant.name not in ELSEWHERE]


@pytest.mark.parametrize("block", range(BLOCKS))
def test_every_life_keeps_the_laws(block, pytestconfig):
    """A broken law prints the seed and the script; `python -m faults.simulation SEED` replays."""
    for n in range(LONG if pytestconfig.getoption("--long") else SHORT):
        life = Life(block * LONG + n)
        life.lead(life.steps)


def test_a_seed_tells_the_same_story_again():
    first, second = Life(7), Life(7)
    first.lead(first.steps)
    second.lead(second.steps)
    assert first.script == second.script


@pytest.mark.parametrize("mutant", HERE, ids=lambda each: each.name)
def test_a_broken_ledger_breaks_a_law(mutant, monkeypatch):
    mutant.break_it(monkeypatch)
    with pytest.raises(AssertionError, match="seed "):
        for seed in range(FOUND_WITHIN):
            life = Life(seed)
            life.lead(life.steps)
