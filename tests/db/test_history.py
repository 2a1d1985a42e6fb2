"""What members did decides what they get: through the writer, as receipts a cashier can check."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from support.database import MIGRATIONS, run
from support.shop import (
    PAY,
    THIRD_LATTE,
    TWO_PERCENT,
    fresh_card,
    goods_back,
    opened,
    program,
    sale,
)
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout.core import Event, Quote
from tessera.checkout.flows.reading import quote as dry_quote
from tessera.warehouse.core import Line

NOON = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)  # a Wednesday, noon in Rome
CAPPED = {**TWO_PERCENT, "caps": [{"per": "day", "most": 10}]}
MONTHLY = {**TWO_PERCENT, "caps": [{"per": "month", "most": 10}]}


def soup(minor=1000, category="food"):
    return Line("SOUP", 1, minor, category=category)


def day(n, hour=0):
    return NOON + timedelta(days=n, hours=hour)


def given_to(said):
    """(rule, given, wanted) of everything that was given."""
    return [(each.rule, each.given, each.wanted) for each in said.answer.effects]


async def rows(shop, what="scope, store_id, times, units, amount"):
    found = await shop.eye.execute(
        f"SELECT {what} FROM checkout.history_day ORDER BY scope, day, store_id"  # noqa: S608 ours
    )
    told = await found.fetchall()
    await shop.eye.rollback()
    return told


def test_a_cap_of_the_day_trims_the_second_receipt_and_says_so(dsn):
    async def work():
        async with opened(dsn, program(CAPPED)) as shop:
            card = fresh_card()
            told = []
            for at in (day(0), day(0, 1), day(0, 2), day(1)):
                answer = (await shop.send(sale(card, soup(350), at=at))).answer
                told.append([(e.given, e.wanted, e.trimmed) for e in answer.effects])
            assert told == [
                [(7, 7, "")], [(3, 7, "the day's limit is reached")], [], [(7, 7, "")],
            ]  # fmt: skip
            assert (await shop.balance(card)).balance == 17
            await shop.assert_proved()

    run(work())


def test_a_day_begins_when_it_does_at_the_store(dsn):
    async def work():
        async with opened(dsn, program(CAPPED)) as shop:
            card = fresh_card()
            before_midnight = datetime(2026, 3, 4, 22, 50, tzinfo=UTC)  # 23:50 in Rome
            for at in (before_midnight, before_midnight + timedelta(minutes=20)):
                said = await shop.send(sale(card, soup(500), at=at))
                assert given_to(said) == [("base", 10, 10)]
            days = [str(each) for (each,) in await rows(shop, "day") if each]
            assert set(days) == {"2026-03-04", "2026-03-05"}

    run(work())


def test_what_comes_back_makes_room_again(dsn):
    async def work():
        async with opened(dsn, program(CAPPED)) as shop:
            card = fresh_card()
            first = sale(card, soup(350), at=day(0))
            assert given_to(await shop.send(first)) == [("base", 7, 7)]
            assert given_to(await shop.send(sale(card, soup(350), at=day(0)))) == [("base", 3, 7)]
            assert (await shop.send(goods_back(first))).answer.points_earned == -7
            assert given_to(await shop.send(sale(card, soup(500), at=day(0)))) == [("base", 7, 10)]
            await shop.assert_proved()

    run(work())


def test_an_old_receipt_brought_late_does_not_pass_a_limit(dsn):
    async def work():
        async with opened(dsn, program(MONTHLY)) as shop:
            card = fresh_card()
            assert given_to(await shop.send(sale(card, soup(400), at=day(9)))) == [("base", 8, 8)]
            late = sale(card, soup(400), at=day(1))
            assert given_to(await shop.send(late)) == [("base", 2, 8)]
            assert given_to(await shop.send(sale(card, soup(), at=day(-4)))) == [("base", 10, 20)]
            await shop.assert_proved()

    run(work())


def test_an_old_receipt_brought_late_is_not_the_first_again(dsn):
    first = {"id": "first", "mechanic": "fixed_points", "points": 50,
             "when": {"nth": {"exactly": 1}}}  # fmt: skip
    wine = {"id": "wine", "mechanic": "first_time", "categories": ["wine"], "prize": {"points": 5}}

    async def work():
        async with opened(dsn, program(first, wine)) as shop:
            card = fresh_card()
            newest = sale(card, soup(), at=day(9))
            assert given_to(await shop.send(newest)) == [("first", 50, 50)]
            assert given_to(await shop.send(sale(card, soup(category="wine"), at=day(5)))) == [
                ("wine", 5, 5)
            ]
            for late in (soup(), soup(category="wine")):
                assert given_to(await shop.send(sale(card, late, at=day(-40)))) == []
            assert given_to(await shop.send(sale(fresh_card(), soup(), at=day(-40)))) != []
            await shop.assert_proved()

    run(work())


def test_many_tills_at_once_cannot_pass_a_cap(dsn):
    async def work():
        async with opened(dsn, program(CAPPED)) as one, opened(dsn) as other:
            card = fresh_card()
            await one.send(sale(card, soup(50), at=day(0)))
            sent = [
                shop.send(sale(card, soup(150), at=day(0)))
                for _ in range(6)
                for shop in (one, other)
            ]
            told = [said.answer.points_earned for said in await asyncio.gather(*sent)]
            assert sorted(told, reverse=True)[:4] == [3, 3, 3, 0]
            assert (await one.balance(card)).balance == 10
            await one.assert_proved()

    run(work())


THIRD_VISIT = {
    "id": "loyal", "mechanic": "base_rate", "points": 10, "per_minor": 100,
    "when": {"history": {"measure": "receipts", "at_least": 2, "window": "this month"}},
}  # fmt: skip


def test_a_rule_waits_for_the_third_visit_of_the_month(dsn):
    async def work():
        async with opened(dsn, program(THIRD_VISIT)) as shop:
            card = fresh_card()
            told = [
                (await shop.send(sale(card, soup(), at=day(n)))).answer.points_earned
                for n in (-10, 0, 1, 2, 3, 28)  # the first in February, the last in April
            ]
            assert told == [0, 0, 0, 100, 100, 0]
            await shop.assert_proved()

    run(work())


def test_a_quote_says_what_the_confirm_will(dsn):
    async def work():
        async with opened(dsn, program(THIRD_VISIT, CAPPED)) as shop:
            card = fresh_card()
            for n in (0, 1):
                await shop.send(sale(card, soup(300), at=day(n)))
            basket = sale(card, soup(300), at=day(1))
            async with shop.house.pool.connection() as conn:
                dry = await dry_quote(
                    conn, shop.house.shop(), Quote(basket), datetime.now(UTC), True, new_id()
                )
            held = (await shop.send(Quote(basket, hold=True))).answer
            confirmed = (await shop.send(basket)).answer
            want = [("loyal", 30), ("base", 4)]
            assert not isinstance(dry, Refusal), dry
            for answer in (dry, held, confirmed):
                assert [(each.rule, each.given) for each in answer.effects] == want

    run(work())


def test_a_promise_does_not_get_past_a_limit_that_was_reached_meanwhile(dsn):
    async def work():
        async with opened(dsn, program(THIRD_VISIT, CAPPED)) as shop:
            card = fresh_card()
            for n in (0, 0):
                await shop.send(sale(card, soup(200), at=day(n)))
            basket = sale(card, soup(300), soup(100), at=day(0))
            kept = (await shop.send(Quote(basket, hold=True))).answer
            assert kept.points_earned == 40 + 2
            await shop.send(sale(card, soup(500), at=day(0)))  # takes the rest of the day's limit
            bought = sale(card, *basket.lines, quote=kept.id, at=day(0))
            answer = (await shop.send(bought)).answer
            assert answer.points_earned == 40
            assert [(d.rule, d.quoted, d.given) for d in answer.differences] == [("base", 2, 0)]
            # what is kept is settled on the same facts, so that all of it equals the sale
            assert (await shop.send(goods_back(bought, (2, 1)))).answer.points_earned == -10
            assert (await shop.send(goods_back(bought))).answer.points_earned == -30
            await shop.assert_proved()

    run(work())


def test_what_is_kept_of_a_receipt_is_its_history(dsn):
    async def work():
        latte = Line("LATTE", 4, 250, category="coffee")
        ham = Line("HAM", 333, 1999, "g", category="meat")
        async with opened(dsn, program(TWO_PERCENT, PAY, THIRD_LATTE)) as shop:
            card = fresh_card()
            await shop.register(card)
            bought = sale(card, latte, ham, soup(100, ""), at=day(0))
            await shop.send(bought)
            assert await rows(shop) == [
                ("", "S1", 1, 6, 750 + 666 + 100),  # one of three lattes was free
                ("c:coffee", "S1", 1, 4, 750), ("c:meat", "S1", 1, 1, 666),
            ]  # fmt: skip
            await shop.send(goods_back(bought, (1, 2), (2, 333)))
            assert await rows(shop) == [
                ("", "S1", 1, 3, 600),
                ("c:coffee", "S1", 1, 2, 500),
                ("c:meat", "S1", 0, 0, 0),
            ]
            await shop.assert_proved()
            await shop.send(goods_back(bought))
            assert {each[2:] for each in await rows(shop)} == {(0, 0, 0)}
            await shop.assert_proved()

    run(work())


def test_articles_are_counted_from_the_program_that_asks(dsn):
    async def work():
        async with opened(dsn, program(TWO_PERCENT)) as shop:
            card = fresh_card()
            early = sale(card, soup(), at=day(0))
            await shop.send(early)
            asking = {**THIRD_VISIT, "when": {"history": {"measure": "units", "of": "s:SOUP"}}}
            await shop.publish(program(asking))
            await shop.send(sale(card, soup(), at=day(0)))
            counted = [each for each in await rows(shop) if each[0] == "s:SOUP"]
            assert counted == [("s:SOUP", "S1", 1, 1, 1000)]
            await shop.send(goods_back(early))  # was never counted: nothing is taken off
            assert [each for each in await rows(shop) if each[0] == "s:SOUP"] == counted
            await shop.assert_proved()

    run(work())


def test_nobody_has_no_history_and_a_waiting_return_takes_its_part(dsn):
    async def work():
        async with opened(dsn, program(CAPPED)) as shop:
            assert (await shop.send(sale(None, soup(), at=day(0)))).status == 201
            assert await rows(shop) == []
            bought = sale(fresh_card(), soup(), soup(), at=day(0))
            assert (await shop.send(goods_back(bought, (1, 1)))).status == 202
            await shop.send(bought)
            await shop.woken()
            assert await rows(shop) == [
                ("", "S1", 1, 1, 1000), ("c:food", "S1", 1, 1, 1000), ("g:base", "S1", 1, 0, 10),
            ]  # fmt: skip
            await shop.assert_proved()

    run(work())


def test_a_busy_account_gets_marks_and_a_late_receipt_drops_them(dsn):
    async def work():
        often = {**THIRD_VISIT, "when": {"history": {"measure": "days", "at_least": 40}}}
        async with opened(dsn, program(often)) as shop:
            card = fresh_card()
            told = [
                (await shop.send(sale(card, soup(100), at=day(n)))).answer.points_earned
                for n in range(-45, 0)
            ]
            assert told == [0] * 40 + [10] * 5
            marked = await shop.eye.execute("SELECT scope, max(day) FROM checkout.history_mark "
                                            "GROUP BY scope")  # fmt: skip
            marks = dict(await marked.fetchall())
            await shop.eye.rollback()
            assert list(marks) == [""]
            await shop.assert_proved()
            await shop.send(sale(card, soup(100), at=day(-50)))
            found = await shop.eye.execute("SELECT count(*) FROM checkout.history_mark")
            assert await found.fetchone() == (0,)
            await shop.eye.rollback()
            await shop.send(sale(card, soup(100), at=day(0)))
            await shop.assert_proved()

    run(work())


def test_events_are_history_and_their_rules_have_limits(dsn):
    async def work():
        survey = {"id": "thanks", "mechanic": "event_gift", "type": "survey",
                  "prize": {"points": 50}}  # fmt: skip
        twice = {"measure": "days", "at_least": 2, "of": "e:survey", "window": "30 days"}
        after = {**THIRD_VISIT, "when": {"history": twice}}
        async with opened(dsn, program(survey, after, events={"survey": {}})) as shop:
            card = fresh_card()
            told = [
                (
                    await shop.send(
                        Event(type="survey", id=f"{n}", happened_at=day(n // 2, n), card=card)
                    )
                ).answer.points_earned
                for n in range(3)  # two on the first day, one on the second
            ]
            assert told == [50, 0, 50]
            assert (await shop.send(sale(card, soup(), at=day(0)))).answer.points_earned == 0
            assert (await shop.send(sale(card, soup(), at=day(1)))).answer.points_earned == 100
            assert [each for each in await rows(shop) if each[0] in ("e:survey", "g:thanks")] == [
                ("e:survey", "", 2, 0, 0), ("e:survey", "", 1, 0, 0),
                ("g:thanks", "", 1, 0, 50), ("g:thanks", "", 1, 0, 50),
            ]  # fmt: skip
            await shop.assert_proved()

    run(work())


# The proof, and the migration ---------------------------------------------------------------------


async def a_busy_week(shop):
    """Receipts, a partial and a whole return, another store's day, a discount, a limit."""
    card = await shop.member()
    for n in range(3):
        bought = sale(card, Line("LATTE", 4, 250, category="coffee"), soup(350), at=day(n))
        await shop.send(bought)
        if n:
            await shop.send(goods_back(bought, *([(1, 2)] if n == 1 else [])))
    return card


TAMPERINGS = {
    "UPDATE checkout.history_day SET amount = amount + 1 WHERE scope = 'c:food' AND times = 1":
        'scope "c:food", 2026-03-04 at S1: 1 times, 1 units, 351; expected 1, 1, 350',
    "DELETE FROM checkout.history_day WHERE scope = 'g:base' AND day = '2026-03-04'":
        'scope "g:base", 2026-03-04 at S1: 0 times, 0 units, 0; expected 1, 0, 10',
    "UPDATE checkout.history_day SET scope = 'c:tea' WHERE scope = 'c:coffee' AND units = 4":
        'scope "c:coffee", 2026-03-04 at S1: 0 times, 0 units, 0; expected 1, 4, 750',
    "UPDATE checkout.history_day SET times = 2 WHERE scope = '' AND day = '2026-03-05'":
        'scope "", 2026-03-05 at S1: 2 times, 3 units, 850; expected 1, 3, 850',
    "INSERT INTO checkout.history_mark SELECT account_id, day, 1, 1, 5, 1101, day, scope, "
    "array[store_id], array[day] FROM checkout.history_day WHERE scope = '' AND units = 5":
        'scope "": the mark of 2026-03-04 differs from the days up to it',
}  # fmt: skip


@pytest.mark.parametrize("change", TAMPERINGS)
def test_the_proof_names_a_day_that_was_changed(dsn, change):
    async def work():
        async with opened(dsn, program(CAPPED, THIRD_LATTE)) as shop:
            await a_busy_week(shop)
            await shop.assert_proved()
            await shop.eye.execute(change)
            await shop.eye.commit()
            differences = (await shop.proof()).differences
            assert re.search(re.escape(TAMPERINGS[change]), differences[0]), differences

    run(work())


def test_the_migration_fills_the_days_from_the_receipts(dsn):
    async def work():
        async with opened(dsn, program(TWO_PERCENT, THIRD_LATTE)) as shop:
            await a_busy_week(shop)
            written = [each for each in await rows(shop) if any(each[2:])]
            await shop.eye.execute("DELETE FROM checkout.history_day")
            text = (MIGRATIONS / "versions/pre_0003_history.sql").read_text()
            await shop.eye.execute(text[text.index("INSERT INTO checkout.history_day") :])
            await shop.eye.commit()
            assert await rows(shop) == written
            await shop.assert_proved()

    run(work())
