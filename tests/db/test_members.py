"""Members, cards and stores on a real server, also when several people do it at once."""

from __future__ import annotations

import asyncio
from datetime import date
from uuid import UUID

import psycopg

from support.database import connect, run
from support.people import (
    EMAIL,
    NOW,
    PHONE,
    card,
    code,
    counts,
    joins,
    opened,
    orphans,
    owner,
    seen,
)
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.members import core, db, flows
from tessera.members.core import NewMember, Registered
from tessera.warehouse import flows as warehouse
from tessera.warehouse.core import Identifier, Store
from tessera.warehouse.stores import db as stores

# The till's way --------------------------------------------------------------------------------


def test_unknown_cards_become_shadows_once(dsn):
    async def work():
        async with await opened(dsn) as conn:
            first = await seen(conn, card(2), card(1))
            assert set(first) == {card(1), card(2)}
            assert await seen(conn, card(1), card(2), card(3)) | {} == first | {
                card(3): await owner(conn, card(3))
            }
            found = await owner(conn, card(1))
            assert found == first[card(1)] and not found.registered
            assert await counts(conn) == (3, 0, 3)
            assert await owner(conn, card(9)) is None

    run(work())


def test_in_a_pipeline_the_answer_is_read_later(dsn):
    async def work():
        async with await opened(dsn) as conn, conn.pipeline():
            made = await seen(conn, card(1))
            one = await db.ask_owners(conn, [card(1), PHONE])
            two = await db.ask_owners(conn, [])
            assert await db.owners(two) == {}
            assert await db.owners(one) == made

    run(work())


def test_one_card_twice_in_one_batch_is_one_member(dsn):
    async def work():
        async with await opened(dsn) as conn:
            found = await seen(conn, card(1), card(1))
            assert set(found) == {card(1)}
            assert await counts(conn) == (1, 0, 1) and await orphans(conn) == 0
            assert found[card(1)] == await owner(conn, card(1))

    run(work())


def test_two_tills_see_the_same_new_cards_at_once(dsn):
    cards = [card(serial) for serial in range(40)]

    async def till(start: asyncio.Event, number: int):
        async with await connect(dsn) as conn:
            await start.wait()
            mine = cards if number % 2 else cards[::-1]
            found = await seen(conn, *mine)
            await asyncio.sleep(0.002)
            await conn.commit()
            return found

    async def work():
        await (await opened(dsn)).close()
        start = asyncio.Event()
        tills = [asyncio.create_task(till(start, number)) for number in range(8)]
        start.set()
        found = await asyncio.gather(*tills)
        assert all(each == found[0] for each in found)
        async with await connect(dsn) as conn:
            assert await counts(conn) == (40, 0, 40) and await orphans(conn) == 0

    run(work())


def test_a_till_that_waited_sees_the_winner_s_owner(dsn):
    async def work():
        async with await opened(dsn) as one, await connect(dsn) as two:
            first = await seen(one, card(1))
            second = asyncio.create_task(seen(two, card(1), card(2)))
            await asyncio.sleep(0.05)
            assert not second.done()
            await one.commit()
            found = await second
            await two.commit()
            assert found[card(1)] == first[card(1)]
            assert await counts(one) == (2, 0, 2) and await orphans(one) == 0

    run(work())


def test_a_till_that_waited_for_a_rollback_owns_the_card(dsn):
    async def work():
        async with await opened(dsn) as one, await connect(dsn) as two:
            first = await seen(one, card(1))
            second = asyncio.create_task(seen(two, card(1)))
            await asyncio.sleep(0.05)
            await one.rollback()
            found = await second
            assert found[card(1)] != first[card(1)]
            assert await counts(two) == (1, 0, 1)

    run(work())


# Registration ----------------------------------------------------------------------------------


def test_a_new_member_is_found_by_every_identifier(dsn):
    async def work():
        async with await opened(dsn) as conn:
            done = await joins(conn, card(1), PHONE, EMAIL, PHONE)
            assert isinstance(done, Registered) and not done.shadow
            for identifier in (card(1), PHONE, EMAIL):
                found = await db.find(conn, identifier)
                assert found is not None
                assert found.owner == core.Owner(done.member_id, done.account_id, "active", True)
                assert (found.given_name, found.language) == ("Anna", "it")
            assert await db.find(conn, card(2)) is None
            member = await db.read_member(conn, done.member_id)
            assert member is not None and member.born_on == date(1984, 2, 29)
            assert {held.identifier for held in member.identifiers} == {card(1), PHONE, EMAIL}

    run(work())


def test_a_shadow_keeps_its_account(dsn):
    async def work():
        async with await opened(dsn) as conn:
            shadow = (await seen(conn, card(1)))[card(1)]
            done = await joins(conn, PHONE, card(1))
            assert done == Registered(shadow.member_id, shadow.account_id, True)
            assert await owner(conn, PHONE) == await owner(conn, card(1))
            assert await counts(conn) == (1, 1, 2)

    run(work())


def test_refusals_move_nothing(dsn):
    async def work():
        async with await opened(dsn) as conn:
            await joins(conn, card(1), PHONE)
            await seen(conn, card(2), card(3), card(4), card(5))
            await flows.block_card(conn, card(4).value, "lost")
            await flows.replace_card(conn, card(5).value, card(6).value, NOW)
            await conn.commit()
            before = await counts(conn)
            for code_, asked in (
                ("identifier_taken", [card(1)]),
                ("identifier_taken", [card(7), EMAIL, PHONE]),
                ("merge_needed", [card(2), card(3)]),
                ("card_blocked", [EMAIL, card(4)]),
                ("card_replaced", [card(5)]),
                ("card_not_issued", [EMAIL, card(100)]),
                ("card_not_issued", [Identifier("card", "2900000000019")]),
                ("card_not_issued", [Identifier("card", "ABC")]),
            ):
                assert code(await joins(conn, *asked)) == code_, asked
            tomorrow = NewMember((EMAIL,), born_on=date(2026, 11, 22))
            done = await flows.register(conn, tomorrow, NOW, new_id(), new_id())
            assert code(done) == "born_on_impossible"
            assert await counts(conn) == before

    run(work())


def test_of_many_registrations_of_one_card_one_wins(dsn):
    async def attempt(start: asyncio.Event, number: int):
        async with await connect(dsn) as conn:
            await start.wait()
            own = Identifier("external", f"crm-{number}")
            done = await joins(
                conn, *([own, card(1), PHONE] if number % 2 else [PHONE, card(1), own])
            )
            await conn.commit()
            return done

    async def work(shadow: bool):
        async with await opened(dsn) as conn:
            if shadow:
                await seen(conn, card(1))
                await conn.commit()
            start = asyncio.Event()
            tries = [asyncio.create_task(attempt(start, number)) for number in range(8)]
            start.set()
            done = await asyncio.gather(*tries)
            assert sum(isinstance(each, Registered) for each in done) == 1
            assert {each.code for each in done if isinstance(each, Refusal)} == {"identifier_taken"}
            assert await counts(conn) == (1, 1, 3) and await orphans(conn) == 0

    for shadow in (False, True):
        run(work(shadow))
        with psycopg.connect(dsn) as conn:
            conn.execute("TRUNCATE members.member, members.card_batch CASCADE")


def test_a_registration_that_a_till_overtakes_takes_the_till_s_shadow(dsn):
    async def work():
        async with await opened(dsn) as till, await connect(dsn) as office:
            shadow = (await seen(till, card(1)))[card(1)]
            task = asyncio.create_task(joins(office, EMAIL, card(1), PHONE))
            await asyncio.sleep(0.05)
            assert not task.done()
            await till.commit()
            done = await task
            await office.commit()
            assert done == Registered(shadow.member_id, shadow.account_id, True)
            assert await counts(till) == (1, 1, 3) and await orphans(till) == 0

    run(work())


def test_a_member_gets_more_identifiers(dsn):
    async def work():
        async with await opened(dsn) as conn:
            anna = await joins(conn, card(1))
            await joins(conn, PHONE)
            await seen(conn, card(3))
            assert isinstance(anna, Registered)

            async def more(identifier: Identifier, member: UUID = anna.member_id):
                return await flows.add_identifier(conn, member, identifier, NOW)

            added = await more(card(2))
            assert added == core.Owner(anna.member_id, anna.account_id, "active", True)
            assert await more(card(2)) == added == await owner(conn, card(2))
            assert code(await more(PHONE)) == "identifier_taken"
            assert code(await more(card(3))) == "merge_needed"
            assert code(await more(card(100))) == "card_not_issued"
            assert code(await more(EMAIL, new_id())) == "member_unknown"
            assert await owner(conn, EMAIL) is None

    run(work())


# Lists and stores ------------------------------------------------------------------------------


def test_members_are_listed_in_pages(dsn):
    async def work():
        async with await opened(dsn) as conn:
            await joins(conn, PHONE, card(1))
            await seen(conn, card(2), card(3))
            whole = await db.list_members(conn, None, 10)
            assert len(whole) == 3
            assert [len(member.identifiers) for member in whole] == [2, 1, 1]
            paged, last = [], None
            while page := await db.list_members(conn, last, 2):
                paged += page
                last = page[-1].id
            assert paged == whole

    run(work())


def test_the_application_needs_no_more_rights_than_it_has(dsn):
    async def work():
        async with await connect(dsn) as conn:
            await conn.execute("SET ROLE tessera_app")
            await flows.issue_cards(conn, new_id(), "2900", 100, "", NOW)
            await seen(conn, card(1))
            assert isinstance(await joins(conn, card(1), PHONE), Registered)
            await warehouse.put_store(conn, Store("1", "Via Roma", "Europe/Rome"))

    run(work())


def test_stores_are_put_and_listed(dsn):
    async def work():
        async with await connect(dsn) as conn:
            rome = Store("0001", "Via Roma", "Europe/Rome")
            assert await warehouse.put_store(conn, rome) == rome
            await warehouse.put_store(conn, Store("0000", "Marszałkowska", "Europe/Warsaw"))
            moved = Store("0001", "Via Roma 2", "Europe/Madrid")
            await warehouse.put_store(conn, moved)
            for nowhere in ("Europe/Atlantis", "../etc/passwd", "Europe", "\0"):
                done = await warehouse.put_store(conn, Store("0001", "x", nowhere))
                assert code(done) == "time_zone_unknown"
            listed = await stores.all_stores(conn)
            assert [store.id for store in listed] == ["0000", "0001"] and listed[1] == moved

    run(work())
