"""What a program knows of a person at the till; kept of it are numbers, never the person."""

from __future__ import annotations

import asyncio
import json
import zlib
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import sql

from support.database import run
from support.shop import TWO_PERCENT, fresh_card, goods_back, line, opened, program, sale
from tessera.base.ids import new_id
from tessera.base.packing import unpack
from tessera.base.refusal import Refusal
from tessera.checkout.core import Event, Quote
from tessera.checkout.flows.reading import quote
from tessera.members import db as members_db
from tessera.members import flows as members
from tessera.members.core import Change, Labels, NewMember, card_number
from tessera.warehouse.core import Identifier

HOME = ZoneInfo("Europe/Rome")
TODAY = datetime.now(HOME).date()
LATTE = line("LATTE", 1, 250)
BIRTHDAY = {
    "id": "day", "mechanic": "birthday_gift", "prize": {"points": 500}, "caps": [],
    "days_after": 1,
}  # fmt: skip
FAVOURITE = {"id": "fav", "mechanic": "favourite", "percent": 20}
EVENTS = {
    "survey": {
        "fields": {
            "score": {"type": "integer", "least": 0, "most": 10},
            "about": {"type": "choice", "values": ["shop", "app"]},
            "remark": {"type": "text", "required": False},
        }
    }
}
ATTRIBUTES = {"nickname": {"type": "text"}, "pets": {"type": "integer"}}


def rules(*more: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return program(
        TWO_PERCENT, BIRTHDAY, FAVOURITE, *more, events=EVENTS, attributes=ATTRIBUTES, **settings
    )


def a_day_like(day: date) -> date:
    """The same day of a year long ago, so that it is a birthday."""
    return day.replace(year=1984)


async def join(shop, **said: Any) -> str:
    """Somebody's card, registered with this."""
    card = fresh_card()
    await shop.register(fresh_card())  # issues the numbers
    new = NewMember((Identifier("card", card),), **said)
    async with shop.house.pool.connection() as conn:
        done = await members.register(conn, new, datetime.now(UTC), new_id(), new_id())
        assert not isinstance(done, Refusal), done
    return card


def points(said: Any) -> int:
    return said.answer.points_earned


def test_a_birthday_counts_on_the_stores_own_day(dsn):
    async def work():
        async with opened(dsn, rules()) as shop:
            card = await join(shop, born_on=a_day_like(date(2026, 3, 14)))
            night = datetime(2026, 3, 13, 23, 30, tzinfo=UTC)  # half past midnight in Rome
            before = night - timedelta(hours=2)
            assert points(await shop.send(sale(card, LATTE, at=night))) == 505
            assert points(await shop.send(sale(card, LATTE, at=before))) == 5
            anna = await shop.member()
            assert points(await shop.send(sale(anna, LATTE, at=night))) == 5, "birthday unknown"

    run(work())


def test_a_dry_quote_knows_what_a_confirm_knows(dsn):
    async def work():
        async with opened(dsn, rules()) as shop:
            card = await join(shop, born_on=a_day_like(TODAY), favourites=("LATTE",))
            basket = sale(card, LATTE)
            async with shop.house.pool.connection() as conn:
                asked = Quote(basket)
                now, key = datetime.now(UTC), new_id()
                dry = await quote(conn, shop.house.shop(), asked, now, False, key)
            assert not isinstance(dry, Refusal)
            held = (await shop.send(Quote(basket, hold=True))).answer
            given = (await shop.send(sale(card, LATTE))).answer
            for said in (dry, held, given):
                assert (said.points_earned, said.to_pay_minor) == (504, 200)

    run(work())


def test_favourites_are_articles_and_categories_chosen_in_advance(dsn):
    async def work():
        async with opened(dsn, rules()) as shop:
            card = await join(shop, favourites=("TEA",))
            assert (await shop.send(sale(card, LATTE))).answer.to_pay_minor == 250
            async with shop.house.pool.connection() as conn:
                who = await members_db.find(conn, Identifier("card", card))
                assert who is not None
                change = Change(favourites=("LATTE", "CAKE"))
                await members.change_member(conn, who.owner.member_id, change)
            assert (await shop.send(sale(card, LATTE))).answer.to_pay_minor == 200
            assert (await shop.send(sale(None, LATTE))).answer.to_pay_minor == 250

    run(work())


def test_of_a_shadow_nothing_is_known_and_it_stays_so_for_what_it_bought(dsn):
    """Who registers later does not get what a birthday would have given before."""

    async def work():
        async with opened(dsn, rules()) as shop:
            await shop.register(fresh_card())
            card = fresh_card()
            first = sale(card, LATTE, line("CAKE", 1, 400))
            assert points(await shop.send(first)) == 13
            async with shop.house.pool.connection() as conn:
                who = (Identifier("card", card),)
                new = NewMember(who, born_on=a_day_like(TODAY))
                await members.register(conn, new, datetime.now(UTC), new_id(), new_id())
            back = await shop.send(goods_back(first, (2, 1)))
            assert points(back) == -8, "the return knows what the sale knew"
            assert points(await shop.send(sale(card, LATTE))) == 505
            await shop.assert_proved()

    run(work())


def test_a_return_knows_what_the_sale_knew(dsn):
    """Another birthday by now: returning everything is still neutral."""

    async def work():
        async with opened(dsn, rules()) as shop:
            card = await join(shop, born_on=a_day_like(TODAY), favourites=("LATTE",))
            bought = sale(card, LATTE, line("CAKE", 1, 400))
            before = (await shop.balance(card)).balance
            assert points(await shop.send(bought)) == 512
            async with shop.house.pool.connection() as conn:
                who = await members_db.find(conn, Identifier("card", card))
                assert who is not None
                await members.change_member(conn, who.owner.member_id, Change(favourites=()))
                await conn.execute(
                    "UPDATE members.person SET born_on = NULL WHERE member_id = %s",
                    (who.owner.member_id,),
                )
            said = (await shop.send(goods_back(bought))).answer
            assert (said.refund_minor, said.points_earned) == (600, -512)
            assert (await shop.balance(card)).balance == before
            await shop.assert_proved()

    run(work())


def test_a_confirm_keeps_what_its_quote_knew(dsn):
    """The favourite is gone before the customer has paid: the promise stands, its return too."""

    async def work():
        async with opened(dsn, rules()) as shop:
            card = await join(shop, favourites=("LATTE",))
            basket = sale(card, LATTE, line("CAKE", 1, 400))
            held = (await shop.send(Quote(basket, hold=True))).answer
            async with shop.house.pool.connection() as conn:
                who = await members_db.find(conn, Identifier("card", card))
                assert who is not None
                await members.change_member(conn, who.owner.member_id, Change(favourites=()))
            paid = sale(card, *basket.lines, quote=held.id)
            said = (await shop.send(paid)).answer
            assert (said.to_pay_minor, said.differences) == (600, ())
            back = (await shop.send(goods_back(paid, (2, 1)))).answer
            assert (back.refund_minor, back.to_pay_minor) == (400, 200)
            await shop.assert_proved()

    run(work())


def test_the_label_of_the_cards_batch_is_known(dsn):
    async def work():
        async with opened(dsn, rules()) as shop:
            now = datetime.now(UTC)
            async with shop.house.pool.connection() as conn:
                for prefix, label in (("2911", "GOLD"), ("2912", ""), ("2913", "STAFF")):
                    await members.issue_cards(conn, new_id(), prefix, 10, label, now)
            await shop.house.refresh()
            for prefix, label in (("2911", "GOLD"), ("2912", ""), ("2913", "STAFF")):
                said = await shop.send(sale(card_number(prefix, 3), LATTE))
                row = await shop.eye.execute(
                    "SELECT convert_from(story, 'UTF8')::json -> 'facts' ->> 'card'"
                    " FROM checkout.receipt WHERE id = %s", (said.answer.id,),
                )  # fmt: skip
                assert await row.fetchone() == (label or None,)

    run(work())


def test_a_card_is_of_the_batch_that_holds_its_number():
    labels = Labels()
    assert labels.of(Identifier("card", card_number("29", 1))) == ""
    assert labels.of(None) == labels.of(Identifier("phone", "+391234567")) == ""


def test_many_at_once_are_asked_for_together(dsn):
    """A batch of members with and without a birthday: each gets exactly what is so of them."""

    async def work():
        async with opened(dsn, rules()) as shop:
            born = [a_day_like(TODAY), a_day_like(TODAY) + timedelta(days=90), None]
            cards = [await join(shop, born_on=born[n % 3]) for n in range(30)]
            sent = await asyncio.gather(*(shop.send(sale(card, LATTE)) for card in cards))
            assert [points(said) for said in sent] == [505, 5, 5] * 10

    run(work())


# Nothing of the person is kept with what they did ------------------------------------------------

CANARIES = ("Zsuzsanna", "Quillfeather", "1984-", "canary-nickname", "canary-remark", "8472163")


async def everything(conn, schema: str) -> dict[str, str]:
    """{table: all its values as text}; bytes as what they say, answers unpacked."""
    tables = await conn.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)
    )  # fmt: skip
    found = {}
    for (table,) in await tables.fetchall():
        rows = await conn.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, table)))
        found[f"{schema}.{table}"] = "\n".join(
            _said(value) for row in await rows.fetchall() for value in row
        )
    return found


def _said(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        raw = bytes(value)
        try:
            return unpack(raw).decode()
        except (zlib.error, UnicodeDecodeError):
            return raw.decode("utf-8", "replace")
    return json.dumps(value, default=str, ensure_ascii=False)


def test_no_name_no_birthday_no_attribute_is_kept_outside_the_members_room(dsn):
    async def work():
        async with opened(dsn, rules()) as shop:
            card = await join(
                shop, given_name=CANARIES[0], family_name=CANARIES[1],
                born_on=a_day_like(TODAY), attributes={"nickname": CANARIES[3], "pets": 8472163},
            )  # fmt: skip
            bought = sale(card, LATTE, line("CAKE", 2, 400))
            assert points(await shop.send(bought)) == 521
            assert (await shop.send(goods_back(bought, (2, 1)))).status == 201
            held = (await shop.send(Quote(sale(card, LATTE), hold=True))).answer
            assert (await shop.send(sale(card, LATTE, quote=held.id))).status == 201
            told = Event(
                type="survey", id="1", happened_at=datetime.now(UTC), card=card,
                data={"score": 9, "about": "shop", "remark": CANARIES[4]},
            )  # fmt: skip
            assert (await shop.send(told)).status == 201
            kept: dict[str, str] = {}
            for schema in ("checkout", "ledger", "access", "program", "warehouse"):
                kept |= await everything(shop.eye, schema)
            assert '"score":9' in kept["checkout.event"] and "t:" in kept["checkout.receipt"]
            for table, text in kept.items():
                for canary in CANARIES:
                    assert canary not in text, f"{canary} in {table}"
            mine = await everything(shop.eye, "members")
            assert all(canary in mine["members.person"] for canary in CANARIES[:4])

    run(work())
