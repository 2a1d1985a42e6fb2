"""Many members, one budget: exactly as many rewards are claimed as its ceiling pays for."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from support import api as shops
from support.claims import PROGRAM, differences, insist, member, place
from support.database import connect, run
from tessera.base.ids import new_id
from tessera.budgets import db as counters
from tessera.budgets.apart import flows
from tessera.budgets.apart.core import Wanted
from tessera.budgets.core import Place, key_of
from tessera.rules.core.budgets import Budget, Draw

MEMBERS, CLAIMS, PIECES = 16, 64, 7
KINDS = "abcd"  # rewards of a round: claims of one wait for each other at its stock already
TERMS: dict[str, Any] = {
    "kind": "goods", "names": {"en": "Mug"}, "points": 1, "cost_minor": 320,
}  # fmt: skip


def claim_at_once(server: Any, template: str, rounds: int) -> None:
    """Each round has rewards and a budget of its own; 64 claims want more than there is."""
    budgets = {
        f"b{n}": {
            "rewards": [f"r{n}{kind}" for kind in KINDS],
            "most_minor": 320 * PIECES + 319,
        }
        for n in range(rounds)
    } | {"all": {"claims": True, "most_pieces": 10**6}}
    with shops.fresh(server, template) as api:
        assert api.call("POST", "/v1/program", PROGRAM | {"budgets": budgets}).is_success
        everybody = [member(api, 1000) for _ in range(MEMBERS)]
        with ThreadPoolExecutor(CLAIMS) as threads:
            for n in range(rounds):
                for kind in KINDS:
                    body = {"code": f"r{n}{kind}", "terms": TERMS}
                    assert api.call("POST", "/v1/rewards", body).is_success
                    place(api, f"r{n}{kind}", "offered")
                rewards = [f"r{n}{kind}" for kind in KINDS]
                asks = [(who, each) for each in rewards for who in everybody]
                said = list(threads.map(lambda ask: insist(api, *ask), asks))
                told = Counter(each.json().get("code", "done") for each in said)
                assert told == {"done": PIECES, "reward_spent": CLAIMS - PIECES}, n
        rows = api.eye.execute(
            "SELECT budget, cost_x100, pieces FROM budgets.counter WHERE budget <> 'all'"
        ).fetchall()
        assert sorted(rows) == sorted((b, 32_000 * PIECES, PIECES) for b in budgets if b != "all")
        points = api.eye.execute(
            "SELECT sum(points) FROM ledger.operation WHERE kind = 'claim'"
        ).fetchall()[0][0]
        assert points == rounds * PIECES, "who was turned away has paid nothing"
        assert differences(api.dsn) == []


@pytest.mark.faults
def test_sixty_four_claims_draw_exactly_the_ceiling(server, template):
    claim_at_once(server, template, 3)


@pytest.mark.faults_long
def test_fifty_rounds_of_sixty_four_claims(server, template):
    claim_at_once(server, template, 50)


@pytest.mark.faults
def test_who_sits_down_second_knows_what_the_first_has_drawn(dsn):
    """Both would read the same if they could; the second reads when the first has committed."""
    now = datetime.now(UTC)
    ceiling, place = {"one": Budget(claims=True, most_pieces=1)}, Place(now.date(), "", "", "x")

    async def work() -> None:
        met = asyncio.Barrier(2)
        async with await connect(dsn) as conn:  # it was drawn on before: nobody begins it
            await counters.open_counters(conn, [key_of("one", ceiling["one"], place)])
            await conn.commit()

        async def draw() -> int:
            async with await connect(dsn) as conn:
                wanted = Wanted(new_id(), ceiling, place, Draw(100, 0, 1), 1, "marketing")
                desk = await flows.sit_down(conn, [wanted], now)
                try:
                    async with asyncio.timeout(0.3):
                        await met.wait()
                except (TimeoutError, asyncio.BrokenBarrierError):
                    await met.reset()
                took = desk.take(wanted)
                await flows.write(conn, desk, now)
                await conn.commit()
                return took

        assert sorted(await asyncio.gather(draw(), draw())) == [0, 1]

    run(work())
