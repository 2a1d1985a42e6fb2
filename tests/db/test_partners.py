"""Partners: who pays for points, who gets paid, and what a period comes to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from support import database
from support.database import run
from support.shop import PAY, TILL, TWO_PERCENT, Shop, goods_back, line, opened, program, sale
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.partners import db, flows
from tessera.partners.core import Charge, period_of
from tessera.warehouse.core import Store
from tessera.warehouse.stores import db as stores_db

FUEL = {"name": "Fuel", "stores": ["F1", "F2"], "sells_at_x100": 110, "pays_x100": 90}
BAKER = {"name": "Baker", "sells_at_x100": 50}
EXTRA = {"id": "extra", "mechanic": "fixed_points", "points": 30, "funder": "baker"}
CHEAPER = {"id": "off", "mechanic": "amount_off", "off_minor": 100, "funder": "baker"}
PARTNERS = {"fuel": FUEL, "baker": BAKER}
PROGRAM = program(TWO_PERCENT, PAY, EXTRA, CHEAPER, partners=PARTNERS)
SOUP = line("SOUP", 2, 1000)


async def stores(shop: Shop) -> None:
    async with shop.house.pool.connection() as conn:
        for id_ in ("F1", "F2"):
            await stores_db.put_store(conn, Store(id_, id_, "Europe/Rome"))
    await shop.house.refresh()


def at(store: str, receipt: Any) -> Any:
    return replace(receipt, store=store)


def back(of: Any, *lines: tuple[int, int]) -> Any:
    found = goods_back(of, *lines)
    return replace(found, sale=replace(found.sale, store=of.store), store="S1")


async def open_of(shop: Shop, partner: str) -> dict[str, Charge]:
    async with shop.house.pool.connection() as conn:
        return (await db.open_sums(conn, partner, datetime(2099, 1, 1, tzinfo=UTC))).points


def test_points_are_paid_by_whose_store_it_is_or_by_who_funds_the_rule(dsn):
    async def work():
        async with opened(dsn, PROGRAM) as shop:
            await stores(shop)
            card = await shop.member()
            given = (await shop.send(at("F1", sale(card, SOUP)))).answer
            assert (given.points_earned, given.to_pay_minor) == (68, 1900)
            assert await open_of(shop, "fuel") == {"": Charge(38, 0, 0, 0, 38 * 110)}
            assert await open_of(shop, "baker") == {
                "": Charge(0, 0, 30, 100, 0, 0, 30 * 50 + 100 * 100)
            }
            await shop.send(sale(card, SOUP))
            assert (await open_of(shop, "fuel"))[""].issued == 38, "the program's own store"
            assert (await open_of(shop, "baker"))[""].funded == 60, "wherever it was given"
            spent = (await shop.send(at("F2", sale(card, SOUP, spend=50)))).answer
            assert spent.points_spent == 50
            assert (await open_of(shop, "fuel"))[""].redeemed_x100 == 50 * 90
            await shop.assert_proved()

    run(work())


def test_buying_and_returning_everything_costs_nobody_anything(dsn):
    async def work():
        async with opened(dsn, PROGRAM) as shop:
            await stores(shop)
            card = await shop.member(10_000)
            before = [await open_of(shop, each) for each in PARTNERS]
            bought = at("F1", sale(card, SOUP, line("CAKE", 3, 700), spend=40))
            assert (await shop.send(bought)).status == 201
            assert await open_of(shop, "fuel") != before[0]
            for part in ((1, 1), (2, 2)):
                assert (await shop.send(back(bought, part))).status == 201
                await shop.assert_proved()
            assert (await shop.send(back(bought))).status == 201
            empty = {"": Charge()}
            assert await open_of(shop, "fuel") == empty, (
                "at the sale's store, wherever it came back"
            )
            assert await open_of(shop, "baker") == before[1]
            await shop.assert_proved()

    run(work())


MUG = {"id": "mug", "mechanic": "sum_threshold", "from_minor": 1500, "prize": {"gift": "MUG"},
       "funding": "supplier", "funder": "baker"}  # fmt: skip
VOUCHER = MUG | {"id": "voucher", "from_minor": 3000, "prize": {"coupon": "LEAFLET"}}
GIVING = program(TWO_PERCENT, MUG, VOUCHER, partners=PARTNERS, costs={"MUG": 320, "LEAFLET": 15})


def test_gifts_and_coupons_are_charged_by_the_piece(dsn):
    """So many at what one costs; a return takes away what the kept part does not give."""

    async def pieces(shop: Shop) -> list[tuple[str, int, int]]:
        async with shop.house.pool.connection() as conn:
            sums = await db.open_sums(conn, "baker", datetime(2099, 1, 1, tzinfo=UTC))
        whole = sums.total()
        lines = [(each.item, each.pieces, each.cost_minor) for each in sums.pieces]
        assert whole.pieces == sum(each.pieces for each in sums.pieces)
        assert whole.pieces_minor * 100 == whole.funded_x100 == sums.owed_x100
        assert whole.pieces_minor == sum(count * cost for _, count, cost in lines)
        return lines

    async def work():
        async with opened(dsn, GIVING) as shop:
            card = await shop.member()
            bought = sale(card, line("SOUP", 4, 1000))
            for each in (bought, sale(card, SOUP)):
                assert (await shop.send(each)).status == 201
            assert await pieces(shop) == [("LEAFLET", 1, 15), ("MUG", 2, 320)]
            await shop.publish(GIVING | {"costs": {"MUG": 400}})
            assert (await shop.send(sale(card, SOUP))).status == 201
            assert (await shop.send(back(bought, (1, 2)))).status == 201
            assert await pieces(shop) == [("MUG", 2, 320), ("MUG", 1, 400)]
            assert (await shop.send(back(bought))).status == 201
            assert await pieces(shop) == [("MUG", 1, 320), ("MUG", 1, 400)]
            await shop.assert_proved()
            async with await psycopg.AsyncConnection.connect(dsn) as owner:
                await owner.execute("SET session_replication_role = replica")
                await owner.execute("UPDATE partners.posting_piece SET pieces = pieces + 5")
                await owner.commit()
            found = " | ".join((await shop.proof()).differences)
            assert "pieces for" in found and "is charged for" in found

    run(work())


def test_a_return_is_of_its_sale_s_prices(dsn):
    async def work():
        async with opened(dsn, PROGRAM) as shop:
            await stores(shop)
            bought = at("F1", sale(await shop.member(), SOUP))
            await shop.send(bought)
            dearer = PARTNERS | {"fuel": FUEL | {"sells_at_x100": 999}}
            await shop.publish(program(TWO_PERCENT, PAY, EXTRA, CHEAPER, partners=dearer))
            await shop.send(back(bought))
            assert await open_of(shop, "fuel") == {"": Charge()}
            await shop.assert_proved()

    run(work())


def test_a_partner_may_take_no_points(dsn):
    async def work():
        closed = {"fuel": FUEL | {"redeems": False}}
        async with opened(dsn, program(TWO_PERCENT, PAY, partners=closed)) as shop:
            await stores(shop)
            card = await shop.member(10_000)
            refused = await shop.send(at("F1", sale(card, SOUP, spend=10)))
            assert refused.problem.code == "not_redeemed_here"
            assert (await shop.send(sale(card, SOUP, spend=10))).status == 201
            assert (await shop.balance(card)).balance == 200 - 10 + 39

    run(work())


async def close(shop: Shop, period: str, now: datetime) -> Any:
    async with shop.house.pool.connection() as conn:
        ask = flows.Ask(new_id(), TILL.id, now)
        partner = shop.house.shop().program.partners["fuel"]
        return await flows.close(conn, ask, "fuel", partner, period)


def test_a_period_is_closed_once_and_what_comes_later_is_in_the_next(dsn):
    async def work():
        async with opened(dsn, PROGRAM) as shop:
            await stores(shop)
            card = await shop.member()
            bought = at("F1", sale(card, line("TEA", 1, 1333)))
            await shop.send(bought)  # (1333 - 100) // 50 = 24 points of 1.10 each
            partner = shop.house.shop().program.partners["fuel"]
            now = datetime.now(UTC)
            period = period_of(partner, now)
            early = await close(shop, period.name, now)
            assert isinstance(early, Refusal) and early.code == "period_open"
            over = period.ends_at
            async with shop.house.pool.connection() as conn:
                ask = flows.Ask(new_id(), TILL.id, now)
                await flows.adjust(conn, ask, "fuel", -7, "leaflets")
            made = await close(shop, period.name, over)
            points = made.sums.points[""]
            assert points.issued == 24 and points.issued_x100 == 2640
            assert (made.due_minor, made.closing_x100) == (26 - 7, 40)
            twice = await close(shop, period.name, over)
            assert isinstance(twice, Refusal) and twice.code == "period_closed"
            await shop.send(back(bought))
            async with shop.house.pool.connection() as conn:
                told = await flows.told(conn, "fuel", partner, period.name, over)
            assert isinstance(told, flows.Told) and told.statement == made
            following = period_of(partner, over)
            after = await close(shop, following.name, following.ends_at)
            assert (after.sums.opening_x100, after.due_minor) == (40, -26)
            assert made.due_minor + after.due_minor == -7 and after.closing_x100 == 0
            await shop.assert_proved()

    run(work())


def test_a_period_of_many_pages_is_closed_whole(dsn):
    async def work():
        async with opened(dsn, PROGRAM) as shop:
            await stores(shop)
            card, far = await shop.member(), datetime(2099, 1, 1, tzinfo=UTC)
            for _ in range(5):
                await shop.send(at("F1", sale(card, SOUP)))
            async with shop.house.pool.connection() as conn:
                open_ = await db.open_sums(conn, "fuel", far)
                stated = await db.state(conn, "fuel", new_id(), far, page=2)
                assert stated == open_ and stated.postings == 5
                assert (await db.open_sums(conn, "fuel", far)).postings == 0
                await conn.rollback()

    run(work())


def test_rates_that_are_wrong_stop_no_till_and_no_statement(dsn):
    """A receipt is charged with the largest amount there is, and what came back with nothing."""
    dear = {"fuel": FUEL | {"sells_at_x100": 10**9}}

    async def work():
        async with opened(dsn, program(TWO_PERCENT, partners=dear)) as shop:
            await stores(shop)
            card = await shop.member()
            bought = [at("F1", sale(card, line("TANKER", 1, 10**12))) for _ in range(3)]
            for each in bought:
                assert (await shop.send(each)).status == 201
            points = 10**12 // 50
            once = Charge(issued=points, issued_x100=10**14)
            assert await open_of(shop, "fuel") == {"": once.plus(once).plus(once)}
            assert (await shop.send(back(bought[0]))).status == 201
            assert await open_of(shop, "fuel") == {"": once.plus(once)}

    run(work())


@pytest.mark.parametrize("wrong", [
    "UPDATE partners.posting SET issued = issued + 1",
    "UPDATE partners.posting SET statement_id = gen_random_uuid(), store_id = 'S1'",
    "UPDATE partners.posting SET statement_id = NULL",
    "DELETE FROM partners.posting", "TRUNCATE partners.posting",
    "DELETE FROM partners.statement", "UPDATE partners.adjustment SET minor = 1",
])  # fmt: skip
def test_what_was_settled_is_never_changed(dsn, wrong):
    async def work():
        async with opened(dsn, PROGRAM) as shop:
            await stores(shop)
            await shop.send(at("F1", sale(await shop.member(), SOUP)))
            async with shop.house.pool.connection() as conn:
                ask = flows.Ask(new_id(), TILL.id, datetime.now(UTC))
                await flows.adjust(conn, ask, "fuel", 5, "leaflets")
            partner = shop.house.shop().program.partners["fuel"]
            over = period_of(partner, datetime.now(UTC))
            assert not isinstance(await close(shop, over.name, over.ends_at), Refusal)
            with pytest.raises(psycopg.Error):
                await shop.eye.execute(wrong)
            await shop.eye.rollback()

    run(work())


@pytest.mark.parametrize("wrong", [
    "UPDATE partners.posting SET issued = issued + 1",
    "DELETE FROM partners.posting",
    "UPDATE partners.posting SET statement_id = NULL",
    "UPDATE partners.posting SET outcome_id = gen_random_uuid()",
    "UPDATE partners.statement SET opening_x100 = opening_x100 + 100, due_minor = due_minor + 1",
])  # fmt: skip
def test_the_proof_finds_what_somebody_has_changed_all_the_same(dsn, wrong):
    async def work():
        async with opened(dsn, PROGRAM) as shop:
            await stores(shop)
            await shop.send(at("F1", sale(await shop.member(), SOUP)))
            over = period_of(shop.house.shop().program.partners["fuel"], datetime.now(UTC))
            await close(shop, over.name, over.ends_at)
            await shop.eye.execute("SET session_replication_role = replica")
            await shop.eye.execute(wrong)
            await shop.eye.execute("SET session_replication_role = DEFAULT")
            await shop.eye.commit()
            assert (await shop.proof()).differences

    run(work())


def test_rows_are_what_the_office_may_read_and_tills_may_add(dsn):
    """The application has no right to change a posting, but for the statement that it is in."""

    async def work():
        async with await database.connect(dsn) as conn:
            rows = await conn.execute(
                "SELECT has_table_privilege('tessera_app', 'partners.posting', 'DELETE'),"
                " has_column_privilege('tessera_app', 'partners.posting', 'issued', 'UPDATE')"
            )
            assert await rows.fetchone() == (False, False)

    run(work())
