"""Points outstanding at any instant: the report against a naive sum, through the public writer."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from faults.drill import say
from support.database import run
from support.shop import PAY, fresh_card, goods_back, line, opened, program, sale
from tessera.ledger.core import EPOCH
from tessera.ledger.reports import db as reports
from tessera.warehouse.core import Receipt

SEED = 20261123
BASE = {"id": "base", "mechanic": "base_rate", "points": 1, "per_minor": 1}
STAMP = {"id": "stamp", "mechanic": "base_rate", "points": 1, "per_minor": 10, "earns": "stamps"}
BODY = program(
    BASE, PAY, STAMP, shadows_spend=True, expiry_days=30, pending={"days": 14},
    currencies={"stamps": {}},
)  # fmt: skip


async def history(shop, chance):
    """Some weeks of three members: purchases, payments, returns, runs; noted after each step."""
    cards, notes = [fresh_card() for _ in range(3)], []
    sold: list[Receipt] = []
    now = datetime.now(UTC)
    for days in sorted((chance.uniform(0, 90) for _ in range(60)), reverse=True):
        at, card = now - timedelta(days=days), chance.choice(cards)
        done = chance.choice(("buy", "buy", "spend", "return", "run"))
        if done == "run":
            await shop.run(at)
        elif done == "return" and sold:
            await shop.send(goods_back(sold.pop(chance.randrange(len(sold))), at=at))
        else:
            spend = chance.randint(1, 60) if done == "spend" else None
            bought = sale(card, line("SOUP", 1, chance.randint(100, 500)), spend=spend, at=at)
            if (await shop.send(bought)).status == 201:
                sold.append(bought)
        notes.append((datetime.now(UTC), await balances(shop)))
    return notes


async def balances(shop):
    """{currency: (active, pending, debt)} of all wallets, as they are now."""
    rows = await shop.eye.execute(
        "SELECT currency, sum(active), sum(pending), sum(debt) FROM ledger.account GROUP BY 1"
    )
    found = {currency: tuple(map(int, sums)) for currency, *sums in await rows.fetchall()}
    await shop.eye.rollback()
    return {currency: sums for currency, sums in found.items() if any(sums)}


async def naive(shop, at):
    """{(currency, month of expiry): points} from moves and lots, one by one."""
    rows = await shop.eye.execute(
        """SELECT a.currency, l.id, l.expires_at, m.source, m.target, m.points
        FROM ledger.move AS m
        JOIN ledger.lot AS l ON (l.account_id, l.id) = (m.account_id, m.lot_id)
        JOIN ledger.account AS a ON a.id = m.account_id WHERE m.posted_at <= %s""", (at,)
    )  # fmt: skip
    found: Counter[tuple[str, str]] = Counter()
    for currency, _, expires_at, source, target, points in await rows.fetchall():
        # Rome's midnight is an hour or two before that of UTC: the last day is the day before.
        month = "never" if expires_at is None else f"{expires_at.date():%Y-%m}"
        inside = (target in ("active", "pending")) - (source in ("active", "pending"))
        found[currency, month] += points * inside
    await shop.eye.rollback()
    return {key: points for key, points in found.items() if points}


def test_every_instant_of_a_history_is_told_as_it_was(dsn):
    chance = random.Random(SEED)
    say(f"seed {SEED}")

    async def work():
        async with opened(dsn, BODY) as shop:
            notes = await history(shop, chance)
            instants = [EPOCH, *(at for at, _ in notes)]
            known = [{}, *(then for _, then in notes)]
            for (since, before), (at, then) in chance.sample(
                list(pairwise(zip(instants, known, strict=True))), 25
            ):
                told = await reports.outstanding_at(shop.eye, at, since)
                await shop.eye.rollback()
                found = {
                    each.currency: (each.active, each.pending, each.debt)
                    for each in told if each.active or each.pending or each.debt
                }  # fmt: skip
                assert found == then
                for each in told:
                    active, pending, debt = before.get(each.currency, (0, 0, 0))
                    change = each.change
                    assert change.opening == active + pending - debt
                    assert change.closing == each.balance == change.opening + (
                        change.earned + change.spent + change.expired + change.reversed
                        + change.transferred + change.adjusted
                    )  # fmt: skip
                    assert sum(lots.points for lots in each.by_age) == each.active + each.pending
                months = {
                    (each.currency, lots.month): lots.points
                    for each in told for lots in each.by_expiry
                }  # fmt: skip
                assert months == await naive(shop, at)
            await shop.assert_proved()
            ways = await shop.eye.execute("SELECT DISTINCT source, target FROM ledger.move")
            assert len(await ways.fetchall()) >= 6, "the history has something of everything"

    run(work())


AGES = {
    datetime(2027, 2, 27, 12, tzinfo=UTC): 12,
    datetime(2027, 2, 28, 12, tzinfo=UTC): 12,
    datetime(2027, 3, 1, 12, tzinfo=UTC): 13,
    datetime(2027, 3, 31, 12, tzinfo=UTC): 14,
    datetime(2027, 3, 31, 11, 59, tzinfo=UTC): 13,
}


def test_ages_are_whole_months(dsn):
    async def work():
        async with opened(dsn, program(BASE)) as shop:
            bought = datetime(2026, 1, 31, 12, tzinfo=UTC)
            await shop.send(sale(fresh_card(), line("SOUP", 1, 3), at=bought))
            found = {}
            for at in AGES:
                (told,) = await reports.outstanding_at(shop.eye, at)
                found[at] = [(each.months, each.points) for each in told.by_age]
            assert found == {at: [(months, 3)] for at, months in AGES.items()}

    run(work())
