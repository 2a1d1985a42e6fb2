"""Several members on one account: they come, spend within limits, and go; totals stay."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from db.test_joining import snapshot
from support import database, shop
from support.shop import PAY, TWO_PERCENT, Shop, goods_back, line, sale
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout.core import Quote
from tessera.identity.households import flows
from tessera.members import db as members_db
from tessera.members.households.core import Household, Households, Invitation
from tessera.warehouse.core import Identifier

MILES = {"id": "miles", "mechanic": "base_rate", "points": 3, "per_minor": 100, "earns": "miles"}
PROGRAM = shop.program(TWO_PERCENT, PAY, MILES, currencies={"miles": {"kind": "miles"}})


class Home:
    """A household of a shop, and what its members do. Answers are values; refusals too."""

    def __init__(self, open_: Shop, **said: Any) -> None:
        self.shop, self.said = open_, Households(**{"child_per_day": 50} | said)
        self.id = UUID(int=0)

    async def member(self, card: str) -> UUID:
        async with self.shop.house.pool.connection() as conn:
            found = await members_db.find(conn, Identifier("card", card))
        assert found is not None
        return found.owner.member_id

    async def done(self, work: Any, by: UUID | None = None) -> Any:
        """Do it as the door does: a refusal leaves nothing."""
        now = datetime.now(UTC)
        ask = flows.Ask(new_id(), UUID(int=8), by, now, self.said, self.shop.house.lives(now))
        async with self.shop.house.pool.connection() as conn:
            made = await work(conn, ask)
            if isinstance(made, Refusal):
                await conn.rollback()
                return made.code
        self.shop.accounts.clear()
        return made

    async def found(self, card: str) -> Household:
        member = await self.member(card)
        there = await self.done(lambda conn, ask: flows.found(conn, ask, member))
        self.id = there.id
        return there

    async def invite(self, card: str, role: Any = "member", by: UUID | None = None) -> Any:
        member = await self.member(card)
        return await self.done(
            lambda conn, ask: flows.invite(conn, ask, self.id, member, role, None), by
        )

    async def answer(self, asked: Invitation, accept: bool = True, by: UUID | None = None) -> Any:
        return await self.done(
            lambda conn, ask: flows.answer(conn, ask, asked.id, accept=accept), by
        )

    async def join(self, card: str, role: Any = "member") -> None:
        there = await self.answer(await self.invite(card, role))
        assert isinstance(there, Household), there

    async def leave(self, card: str, by: UUID | None = None) -> Any:
        member = await self.member(card)
        return await self.done(lambda conn, ask: flows.leave(conn, ask, self.id, member), by)

    async def change(self, card: str, role: Any, by: UUID | None = None) -> Any:
        member = await self.member(card)
        return await self.done(
            lambda conn, ask: flows.change(conn, ask, self.id, member, role, None), by
        )


async def bought(open_: Shop, card: str, minor: int, spend: int | None = None) -> Any:
    ask = sale(card, line("SOUP", 1, minor), spend=spend)
    said = await open_.send(ask)
    assert said.status == 201, said.reply.body
    return ask


def totals(dsn: str) -> list[Any]:
    with psycopg.connect(dsn) as conn:
        return conn.execute(
            "SELECT currency, sum(active + pending - debt) FROM ledger.account"
            " GROUP BY currency ORDER BY currency"
        ).fetchall()


def played(dsn: str, play: Any, **said: Any) -> None:
    async def run() -> None:
        async with shop.opened(dsn, PROGRAM) as open_:
            await play(open_, Home(open_, **said))
            await open_.assert_proved()

    database.run(run())


def test_they_bring_their_points_and_take_what_is_left(dsn):
    async def play(open_: Shop, home: Home) -> None:
        anna, berta, carl = [await open_.member(10_000 * n) for n in (1, 2, 3)]
        before, was = totals(dsn), snapshot(dsn)
        await home.found(anna)
        await home.join(berta)
        await home.join(carl, "child")
        assert totals(dsn) == before
        assert {(await open_.balance(card)).balance for card in (anna, berta, carl)} == {1200}
        assert await home.leave(anna) == "head_stays"
        for card in (carl, berta, anna):
            assert isinstance(await home.leave(card), Household)
            assert totals(dsn) == before
        now = snapshot(dsn)
        assert {name: now[name] for name in was if now[name] != was[name]} == {}

    played(dsn, play)


def test_what_was_earned_together_stays_and_the_last_one_has_it(dsn):
    async def play(open_: Shop, home: Home) -> None:
        anna, berta = await open_.member(10_000), await open_.member(10_000)
        await home.found(anna)
        await home.join(berta)
        together = await bought(open_, berta, 20_000)  # 400
        spent = await bought(open_, anna, 1_000, spend=250)  # the oldest are Anna's: 200, then 50
        assert isinstance(await home.leave(berta), Household)
        assert (await open_.balance(berta)).balance == 150
        ended = await home.leave(anna)
        assert ended.ended_at is not None and not ended.members
        assert (await open_.balance(anna)).balance == 0 + 400 + 15
        said = await open_.send(goods_back(together))
        assert (said.status, said.balance) == (201, 15), "the household's receipt is Anna's now"
        assert (await open_.send(goods_back(spent))).balance == 250

    played(dsn, play)


def test_where_points_stay_who_leaves_has_none(dsn):
    async def play(open_: Shop, home: Home) -> None:
        anna, berta = await open_.member(10_000), await open_.member(10_000)
        await home.found(anna)
        await home.join(berta)
        before = totals(dsn)
        assert isinstance(await home.leave(berta), Household)
        assert (await open_.balance(berta)).balance == 0
        assert (await open_.balance(anna)).balance == 400
        assert totals(dsn) == before

    played(dsn, play, leaving="stays")


def test_where_points_are_not_brought_they_wait(dsn):
    async def play(open_: Shop, home: Home) -> None:
        anna, berta = await open_.member(10_000), await open_.member(10_000)
        old = await bought(open_, berta, 5_000)
        await home.found(anna)
        await home.join(berta)
        assert (await open_.balance(berta)).balance == 0
        await bought(open_, berta, 1_000)
        assert (await open_.send(goods_back(old))).balance == 200, "it was made on her own account"
        assert isinstance(await home.leave(berta), Household)
        assert (await open_.balance(berta)).balance == 200
        assert (await open_.balance(anna)).balance == 20
        assert isinstance(await home.leave(anna), Household)
        assert (await open_.balance(anna)).balance == 220

    played(dsn, play, brings_points=False)


def test_a_child_spends_up_to_its_limit_of_the_day(dsn):
    async def play(open_: Shop, home: Home) -> None:
        anna, carl = await open_.member(50_000), await open_.member()
        await home.found(anna)
        await home.join(carl, "child")
        first = await bought(open_, carl, 1_000, spend=30)
        held = sale(carl, line("SOUP", 1, 1_000), spend=20)
        quotes = [(await open_.send(Quote(held, hold=True))).answer for _ in range(2)]
        refused = await open_.send(sale(carl, line("SOUP", 1, 1_000), spend=21))
        assert (refused.status, refused.problem.code) == (409, "household_limit")
        assert (await open_.send(shop_confirm(held, quotes[0].id))).status == 201
        again = await open_.send(shop_confirm(held, quotes[1].id))
        assert again.problem.code == "household_limit", "two promises are not twice the limit"
        assert (await open_.send(goods_back(first))).status == 201
        await bought(open_, carl, 1_000, spend=30)
        await bought(open_, anna, 1_000, spend=300)
        yesterday = datetime.now(UTC) - timedelta(days=1)
        late = await open_.send(sale(carl, line("SOUP", 1, 900), spend=1, at=yesterday))
        assert late.problem.code == "household_limit", "a till's old date opens no other day"

    played(dsn, play)


def shop_confirm(ask: Any, quote: UUID) -> Any:
    return sale(ask.card, *ask.lines, spend=ask.spend.points, quote=quote, at=ask.happened_at)


def test_at_once_a_child_does_not_pass_its_limit(dsn):
    async def play(open_: Shop, home: Home) -> None:
        anna, carl = await open_.member(50_000), await open_.member()
        await home.found(anna)
        await home.join(carl, "child")
        asks = [sale(carl, line("SOUP", 1, 1_000), spend=20) for _ in range(20)]
        said = await asyncio.gather(*[open_.send(ask) for ask in asks])
        assert sorted(each.status for each in said) == [201] * 2 + [409] * 18

    played(dsn, play)


def test_who_may_invite_answer_and_let_go(dsn):
    async def play(open_: Shop, home: Home) -> None:
        anna, berta, carl, dora = [await open_.member() for _ in range(4)]
        ids = {card: await home.member(card) for card in (anna, berta, carl, dora)}
        await home.found(anna)
        asked = await home.invite(berta, by=ids[anna])
        assert await home.answer(asked, by=ids[carl]) == "invitation_unknown"
        assert isinstance(await home.answer(asked, by=ids[berta]), Household)
        assert await home.answer(asked, by=ids[berta]) == "invitation_unknown"
        assert await home.invite(carl, by=ids[berta]) == "household_role"
        assert await home.invite(berta, by=ids[anna]) == "in_household"
        refused = await home.answer(await home.invite(carl), accept=False, by=ids[carl])
        assert ids[carl] not in {each.member_id for each in refused.members}
        await home.join(carl, "child")
        assert await home.invite(dora) == "household_full"
        assert await home.change(carl, "member", by=ids[berta]) == "household_role"
        assert await home.leave(carl, by=ids[berta]) == "household_role"
        assert await home.change(anna, "member") == "head_stays"
        there = await home.change(berta, "head", by=ids[anna])
        assert {each.member_id: each.role for each in there.members} == {
            ids[anna]: "member", ids[berta]: "head", ids[carl]: "child",
        }  # fmt: skip
        assert isinstance(await home.leave(carl, by=ids[berta]), Household)
        assert isinstance(await home.leave(anna, by=ids[anna]), Household)

    played(dsn, play, most_members=3)


def test_members_of_a_household_are_not_merged(dsn):
    async def play(open_: Shop, home: Home) -> None:
        anna, berta = await open_.member(10_000), await open_.member(10_000)
        merge_id = await open_.merge(anna, await open_.member(5_000))
        assert isinstance(merge_id, UUID)
        await home.found(anna)
        refused = await open_.merge(anna, berta)
        assert isinstance(refused, Refusal) and refused.code == "in_household"
        covered = await open_.unmerge(merge_id)
        assert covered is not None and covered.code == "merge_covered"
        assert isinstance(await home.leave(anna), Household)
        assert await open_.unmerge(merge_id) is None
        assert (await open_.balance(anna)).balance == 200

    played(dsn, play)


def test_a_household_has_one_head_whoever_writes(dsn):
    async def play(open_: Shop, home: Home) -> None:
        anna, berta = await open_.member(), await open_.member()
        await home.found(anna)
        await home.join(berta)

    played(dsn, play)
    with psycopg.connect(dsn) as conn:
        try:
            conn.execute(sql.SQL("UPDATE members.household_member SET role = 'head'"))
        except psycopg.errors.UniqueViolation:
            return
    raise AssertionError("two heads")
