"""Administration's operations, handler by handler, as the door calls them (without HTTP)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from support.database import connect, run
from tessera.access.core import POLICY, Principal
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.doors.call import Call, Once
from tessera.doors.pages import Page
from tessera.doors.till.administration import OPERATIONS
from tessera.members import core

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ADMIN = Principal(new_id(), "key", "office", "owner", None, 50)
TABLE = {operation.name: operation for operation in OPERATIONS}


class Desk:
    """Calls operations by name; bodies are JSON, as outside."""

    def __init__(self, conn, principal=ADMIN):
        self.conn, self.principal = conn, principal

    async def __call__(self, name, body=None, query=None, **path):
        row = TABLE[name]
        parsed = None if row.body is None else msgspec.convert(body, row.body, strict=False)
        done = await row.handler(Call(self.principal, path, query or {}, parsed, self.conn, NOW))
        if not isinstance(done, Refusal):  # what is answered has the shape that is promised
            for part in (done.live, done.kept) if isinstance(done, Once) else (done,):
                msgspec.json.decode(msgspec.json.encode(part), type=row.answer)
        return done


def code(answer):
    assert isinstance(answer, Refusal), answer
    return answer.code


def test_every_operation_has_its_row_its_words_and_a_schema():
    names = [operation.name for operation in OPERATIONS]
    assert len(set(names)) == len(names)
    for operation in OPERATIONS:
        assert operation.name in POLICY
        assert (operation.kind == "writes") == (operation.method != "GET")
        for kind in (operation.body, operation.answer):
            if kind is not None:
                msgspec.json.schema(kind)
        if operation.body is not None:
            assert operation.body.__doc__
            msgspec.convert(operation.example, operation.body, strict=False)


def test_a_day_in_the_office(dsn):
    async def work():
        async with await connect(dsn) as conn:
            desk = Desk(conn)
            store = await desk("store.put", TABLE["store.put"].example, store_id="0001")
            assert store.time_zone == "Europe/Rome"
            batch = await desk("card.issue", {"prefix": "2900", "count": 5, "label": "x"})
            assert batch.first_number == core.card_number("2900", 0)
            numbers = (await desk("card.numbers", batch_id=str(batch.batch_id))).items
            assert numbers[0] == batch.first_number and numbers[-1] == batch.last_number
            body = {"identifiers": [{"kind": "card", "value": numbers[0]}], "given_name": "Anna"}
            anna = await desk("member.register", body)
            member = str(anna.member_id)
            assert not anna.history
            phone = {"kind": "phone", "value": "+39 333 1234567"}
            await desk("member.identifier", phone, member_id=member)
            seen = await desk("member.read", member_id=member)
            shown = {each.kind: each.value for each in seen.identifiers}
            assert shown == {"card": numbers[0], "phone": "+39" + "•" * 6 + "4567"}
            blocked = await desk("card.block", {"reason": "lost"}, number=numbers[0])
            assert blocked.status == "blocked"
            await desk("card.unblock", number=numbers[0])
            fresh = await desk("card.replace", {"new": numbers[1]}, number=numbers[0])
            assert (fresh.number, fresh.member_id) == (numbers[1], anna.member_id)

    run(work())


def test_what_is_unknown_is_named(dsn):
    async def work():
        async with await connect(dsn) as conn:
            desk = Desk(conn)
            for text in (str(new_id()), "x", "é" * 36, "0" * 36):
                assert code(await desk("member.read", member_id=text)) == "member_unknown"
                assert code(await desk("card.numbers", batch_id=text)) == "batch_unknown"
                assert code(await desk("key.revoke", key_id=text)) == "key_unknown"
                body = {"kind": "external", "value": "1"}
                assert code(await desk("member.identifier", body, member_id=text)) == (
                    "member_unknown"
                )
            assert code(await desk("card.unblock", number="x")) == "card_unknown"
            zone = {"name": "x", "time_zone": "Mars/Base"}
            assert code(await desk("store.put", zone, store_id="1")) == "time_zone_unknown"
            rome = {"name": "x", "time_zone": "Europe/Rome"}
            assert code(await desk("store.put", rome, store_id="\0")) == "store_id_invalid"

    run(work())


def test_a_phone_that_is_none_is_named_by_its_place(dsn):
    async def work():
        async with await connect(dsn) as conn:
            named = [{"kind": "external", "value": "1"}, {"kind": "phone", "value": "8 800"}]
            done = await Desk(conn)("member.register", {"identifiers": named})
            assert (code(done), done.field) == ("phone_invalid", "identifiers[1].value")

    run(work())


def test_a_token_is_told_once_and_never_stored(dsn):
    async def work():
        async with await connect(dsn) as conn:
            desk = Desk(conn)
            body = {"name": "Till", "role": "till", "store": "0001"}
            assert code(await desk("key.issue", body)) == "store_unknown"
            await desk("store.put", TABLE["store.put"].example, store_id="0001")
            done = await desk("key.issue", body)
            assert isinstance(done, Once)
            assert done.live.token.startswith("tsr_t") and done.kept.token is None
            assert done.live.token.encode() not in msgspec.json.encode(done.kept)
            assert done.live.key_id == done.kept.key_id
            assert code(await desk("key.issue", body | {"store": None})) == "store_missing"
            assert code(await desk("key.issue", body | {"role": "owner"})) == "store_needless"
            for end in ("2026-11-21T11:00:00Z", "9999-12-31T23:59:59-12:00"):
                ends = await desk("key.issue", body | {"expires_at": end})
                assert code(ends) == "expiry_impossible"
            revoked = await desk("key.revoke", key_id=str(done.live.key_id))
            assert revoked.revoked_at == NOW
            assert [key.key_id for key in (await desk("key.list")).items] == [done.live.key_id]

    run(work())


def test_a_till_sees_its_own_store_only(dsn):
    async def work():
        async with await connect(dsn) as conn:
            office = Desk(conn)
            for store in ("0001", "0002"):
                await office("store.put", TABLE["store.put"].example, store_id=store)
            assert len((await office("store.list")).items) == 2
            till = Desk(conn, Principal(new_id(), "key", "till", "till", ("0002",), 200))
            assert [store.id for store in (await till("store.list")).items] == ["0002"]

    run(work())


async def walk(desk, name, limit, **path):
    """All items of a list, page by page, and the sizes of the pages."""
    items, sizes, query = [], [], {"limit": str(limit)}
    while True:
        page = await desk(name, query=query, **path)
        assert isinstance(page, Page)
        items += page.items
        sizes.append(len(page.items))
        if page.next is None:
            return items, sizes
        query = {"limit": str(limit), "cursor": page.next}


def test_pages_lose_nothing_and_end(dsn):
    async def work():
        async with await connect(dsn) as conn:
            desk = Desk(conn)
            batch = await desk("card.issue", {"prefix": "2900", "count": 7})
            for number in range(5):
                await desk("card.issue", {"prefix": "28", "count": 1 + number})
                who = [{"kind": "external", "value": str(number)}]
                await desk("member.register", {"identifiers": who})
                await desk("key.issue", {"name": str(number), "role": "analyst"})
                await asyncio.sleep(0.002)  # ids of one millisecond are in no order
            numbers, sizes = await walk(desk, "card.numbers", 3, batch_id=str(batch.batch_id))
            assert len(set(numbers)) == 7 and sizes == [3, 3, 1]
            for name, count in (("member.list", 5), ("key.list", 5), ("card.batches", 6)):
                items, sizes = await walk(desk, name, 2)
                assert len(items) == len({msgspec.json.encode(item) for item in items}) == count
                assert sizes == [2] * (count // 2) + [1] * (count % 2)

    run(work())


@pytest.mark.parametrize("name", ["member.list", "key.list", "card.batches"])
def test_wrong_pages_are_refused(dsn, name):
    async def work():
        async with await connect(dsn) as conn:
            desk = Desk(conn)
            for limit in ("0", "201", "-1", "1.5", "x", "", "٣", "9" * 99):
                assert code(await desk(name, query={"limit": limit})) == "limit_invalid"
            for cursor in ("", "x", "é", "WyJ4Il0", "WyJ4IiwieSJd", "WzFd", "=" * 9):
                assert code(await desk(name, query={"cursor": cursor})) == "cursor_unknown"

    run(work())


def test_names_are_no_templates():
    for name in ("{{7*7}}", "<b>", "a\nb", "\u202eanna"):
        with pytest.raises(msgspec.ValidationError, match="given_name"):
            body = {"identifiers": [{"kind": "card", "value": "1"}], "given_name": name}
            msgspec.convert(body, TABLE["member.register"].body)
