"""Many members, one budget: exactly as many rewards are claimed as its ceiling pays for."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from support import api as shops
from support.claims import PROGRAM, differences, insist, member, place

MEMBERS, CLAIMS, PIECES = 16, 64, 7
TERMS: dict[str, Any] = {
    "kind": "goods", "names": {"en": "Mug"}, "points": 1, "cost_minor": 320,
}  # fmt: skip


def claim_at_once(server: Any, template: str, rounds: int) -> None:
    """Each round has a reward and a budget of its own; 64 claims want more than there is."""
    budgets = {
        f"b{n}": {"rewards": [f"r{n}"], "most_minor": 320 * PIECES + 319} for n in range(rounds)
    } | {"all": {"claims": True, "most_pieces": 10**6}}
    with shops.fresh(server, template) as api:
        assert api.call("POST", "/v1/program", PROGRAM | {"budgets": budgets}).is_success
        everybody = [member(api, 1000) for _ in range(MEMBERS)]
        with ThreadPoolExecutor(CLAIMS) as threads:
            for n in range(rounds):
                made = api.call("POST", "/v1/rewards", {"code": f"r{n}", "terms": TERMS})
                assert made.is_success, made.text
                place(api, f"r{n}", "offered")
                asks = [(who, f"r{n}") for who in everybody * (CLAIMS // MEMBERS)]
                said = list(threads.map(lambda ask: insist(api, *ask), asks))
                told = Counter(each.json().get("code", "done") for each in said)
                assert told == {"done": PIECES, "reward_spent": CLAIMS - PIECES}, n
        rows = api.eye.execute(
            "SELECT budget, cost_x100, pieces FROM budgets.counter WHERE budget <> 'all'"
        ).fetchall()
        assert sorted(rows) == sorted((b, 32_000 * PIECES, PIECES) for b in budgets if b != "all")
        (points,) = api.eye.execute(
            "SELECT sum(points) FROM ledger.operation WHERE kind = 'claim'"
        ).fetchone()
        assert points == rounds * PIECES, "who was turned away has paid nothing"
        assert differences(api.dsn) == []


@pytest.mark.faults
def test_sixty_four_claims_draw_exactly_the_ceiling(server, template):
    claim_at_once(server, template, 3)


@pytest.mark.faults_long
def test_fifty_rounds_of_sixty_four_claims(server, template):
    claim_at_once(server, template, 50)
