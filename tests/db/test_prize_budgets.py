"""What prizes draw on budgets: those drawn among tickets, those of boards; past a ceiling too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from support.database import run
from support.shop import TWO_PERCENT, Shop, fresh_card, line, opened, program, sale
from tessera.checkout.flows.proof import prove_all
from tessera.doors.boards import Boards
from tessera.rewards.draws import flows

NOW = datetime.now(UTC)
TODAY = NOW.date()
TICKETS = {"id": "tickets", "mechanic": "every_x_tickets", "draw": "HAMS", "per_minor": 1000}
GIFT = {"id": "gift", "mechanic": "sum_threshold", "from_minor": 50_000, "prize": {"gift": "HAM"}}
BUDGETS: dict[str, Any] = {
    "hams": {"items": ["HAM", "BASKET"], "per": "ever", "most_pieces": 3, "most_minor": 7_000},
    "whole": {"per": "ever", "most_minor": 1_000_000},
    "own": {"per": "ever", "by": "member", "items": ["HAM"], "most_pieces": 9},
    "base": {"per": "ever", "rules": [TWO_PERCENT["id"]], "most_minor": 1_000_000},
    "race": {"boards": True, "per": "ever", "most_points": 1200},
}  # fmt: skip
RACE: dict[str, Any] = {
    "starts": (TODAY - timedelta(days=9)).isoformat(),
    "ends": (TODAY - timedelta(days=1)).isoformat(),
    "prizes": [{"points": 1000}, {"points": 500}],
}  # fmt: skip
LIVE = program(
    TWO_PERCENT, TICKETS, GIFT, budgets=BUDGETS, boards={"race": RACE}, costs={"HAM": 4500},
    point_minor_x100=50,
    draws={"HAMS": {"prizes": [{"item": "HAM", "count": 2}], "ends": str(TODAY)}},
)  # fmt: skip


async def drawn(shop: Shop, budget: str) -> list[tuple[int, int, int, bool]]:
    """[(cost in hundredths, points, pieces, whether used up)] of its counters."""
    rows = await shop.eye.execute(
        "SELECT cost_x100, points, pieces, used_up_at IS NOT NULL FROM budgets.counter"
        " WHERE budget = %s ORDER BY scope", (budget,),
    )  # fmt: skip
    found = await rows.fetchall()
    await shop.eye.commit()
    return found


async def proven(shop: Shop) -> None:
    async with shop.house.upkeep.connection() as conn:
        assert (await prove_all(conn, chain=False)).differences == []


async def people(shop: Shop, *minors: int, at: datetime = NOW) -> list[str]:
    """Registered members who have bought for so much."""
    cards = [fresh_card() for _ in minors]
    for card, minor in zip(cards, minors, strict=True):
        await shop.register(card)
        await shop.send(sale(card, line("SOUP", 1, minor), at=at))
    return cards


def test_hams_that_are_drawn_cost_what_hams_cost_and_are_all_given(dsn):
    async def work():
        async with opened(dsn, LIVE) as shop:
            one, _ = await people(shop, 2000, 2000)
            assert await drawn(shop, "hams") in ([], [(0, 0, 0, False)])
            (before,) = await drawn(shop, "whole")
            async with shop.house.pool.connection() as conn:
                live = shop.house.shop().program
                terms = flows.Terms(live.draws["HAMS"], False, live.budgets, live.costs)
                won = await flows.run(conn, "HAMS", terms, NOW, TODAY + timedelta(days=1))
            assert isinstance(won, list), won
            assert [each.item for each in won] == ["HAM", "HAM"], "both, though one fits"
            assert await drawn(shop, "hams") == [(900_000, 0, 2, True)]
            assert (await drawn(shop, "whole"))[0][0] == before[0] + 900_000
            owns = [each[:3] for each in await drawn(shop, "own")]
            assert [each for each in owns if any(each)] == [(450_000, 0, 1)] * 2
            assert (await drawn(shop, "race")) == []
            said = await shop.send(sale(one, line("SOFA", 1, 50_000)))
            assert not any(each.item == "HAM" for each in said.answer.effects), "it is used up"
            await proven(shop)

    run(work())


def test_places_on_a_board_are_paid_and_counted_past_the_ceiling(dsn):
    async def work():
        async with opened(dsn, LIVE) as shop:
            await people(shop, 3000, 2000, at=NOW - timedelta(days=2))
            turn = Boards(shop.house.upkeep, shop.house.shop, shop.house.today)
            (base,) = await drawn(shop, "base")
            await turn.look(NOW, TODAY + timedelta(days=60))
            assert await turn.pay(NOW) == 2 and await turn.pay(NOW) == 0
            assert await drawn(shop, "race") == [(75_000, 1500, 0, True)]
            assert await drawn(shop, "base") == [base], "no rule gave them"
            await proven(shop)

    run(work())
