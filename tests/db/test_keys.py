"""Keys that are narrower, rotated, used, and those of the release before, on a real server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from psycopg.errors import UniqueViolation

from support.database import connect, run
from tessera.access import core, db, flows
from tessera.base.ids import new_id

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NARROW = core.KeyTerms(
    name="Counter", role="till", stores=("S2", "S1"), rate_per_s=7, expires_at=NOW + 24 * HOUR,
    operations=("quote", "receipt.confirm"), networks=("10.0.0.0/8", "2001:db8::/48"),
    mint_per_day=500, issued_by=new_id(),
)  # fmt: skip


def test_a_key_is_found_as_narrow_as_it_was_issued(dsn):
    async def work():
        async with await connect(dsn) as conn:
            made, token = await flows.make_key(conn, NARROW, NOW)
            found = await db.find_principal(conn, core.token_hash(token), NOW)
            assert found == made
            assert made.stores == ("S2", "S1") and made.networks == NARROW.networks
            assert dict(made.grants) == {"quote": "own_store", "receipt.confirm": "own_store"}
            (listed,) = await db.list_keys(conn, None, 10)
            for name in ("stores", "operations", "networks", "mint_per_day", "issued_by"):
                assert getattr(listed, name) == getattr(NARROW, name), name

    run(work())


def test_a_rotated_key_has_two_tokens_until_the_overlap_is_over(dsn):
    async def work():
        async with await connect(dsn) as conn:
            made, first = await flows.issue_key(conn, "Till", "till", "S1", None, None, NOW)
            key = await db.lock_key(conn, made.id)
            assert key is not None
            turned, second = await flows.rotate_key(conn, key, HOUR, NOW)
            assert turned.old_until == NOW + HOUR and turned.rotated_at == NOW
            for token, until in ((first, HOUR), (second, 1000 * HOUR)):
                mark = core.token_hash(token)
                assert await db.find_principal(conn, mark, NOW) == made
                late = await db.find_principal(conn, mark, NOW + HOUR)
                assert (late is not None) == (until > HOUR)
            _, third = await flows.rotate_key(conn, key, HOUR, NOW)
            works = [await db.find_principal(conn, core.token_hash(t), NOW) is not None
                     for t in (first, second, third)]  # fmt: skip
            assert works == [False, True, True], "two rotations: the first token is nobody's"
            await db.revoke_key(conn, made.id, NOW)
            for token in (first, second, third):
                assert await db.find_principal(conn, core.token_hash(token), NOW) is None

    run(work())


def test_when_a_key_was_used_is_known_to_the_hour(dsn):
    async def work():
        async with await connect(dsn) as conn:
            made, token = await flows.issue_key(conn, "Till", "till", "S1", None, None, NOW)

            async def used(at: datetime):
                await db.find_principal(conn, core.token_hash(token), at)
                key = await db.lock_key(conn, made.id)
                return key.last_used_at if key else None

            assert await used(NOW) == NOW
            assert await used(NOW + HOUR - timedelta(seconds=1)) == NOW
            assert await used(NOW + HOUR) == NOW + HOUR

    run(work())


def test_keys_of_the_release_before_hold_and_it_reads_plain_ones_of_ours(dsn):
    """It knows two roles, one store, and nothing that narrows."""
    row = (
        "INSERT INTO access.api_key (id, name, role, store_id, token_hash, rate_per_s, created_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)"
    )

    async def work():
        async with await connect(dsn) as conn:
            for token, role, store in (("a", "admin", None), ("t", "till", "S1")):
                said = (new_id(), "old", role, store, core.token_hash(token), 50, NOW)
                await conn.execute(row, said)
            office = await db.find_principal(conn, core.token_hash("a"), NOW)
            till = await db.find_principal(conn, core.token_hash("t"), NOW)
            assert office is not None and till is not None
            assert (office.role, office.stores, office.scope("key.issue")) == ("owner", None, "all")
            assert (till.role, till.stores) == ("till", ("S1",))
            await flows.issue_key(conn, "plain", "owner", None, None, None, NOW)
            await flows.issue_key(conn, "plain", "till", "S1", None, None, NOW)
            await flows.make_key(conn, NARROW, NOW)
            few = core.KeyTerms(name="few", role="owner", operations=("store.list",))
            await flows.make_key(conn, few, NOW)
            kept = "SELECT role, store_id FROM access.api_key WHERE name = %s ORDER BY role"
            for name, rows in (
                ("plain", [("admin", None), ("till", "S1")]), ("few", [("owner", None)]),
                ("Counter", [("till", None)]),
            ):  # fmt: skip
                assert await (await conn.execute(kept, (name,))).fetchall() == rows, name

    run(work())


def test_an_own_role_is_read_as_it_is_today_and_its_name_is_used_once(dsn):
    async def work():
        async with await connect(dsn) as conn:
            desk = core.OwnRole("desk", {"identify": "all"})
            assert await db.add_role(conn, desk, "", None, NOW) is not None
            assert await db.add_role(conn, desk, "", None, NOW) is None
            terms = core.KeyTerms(name="x", role="desk")
            made, token = await flows.make_key(conn, terms, NOW)
            assert made.may("identify") and made.sight == "masked"

            async def today():
                found = await db.find_principal(conn, core.token_hash(token), NOW)
                assert found is not None
                return await db.with_role(conn, found)

            more = core.OwnRole("desk", {"card.block": "all"}, "pseudonym")
            await db.change_role(conn, more, "", NOW)
            assert dict((await today()).grants) == {"card.block": "all"}
            assert (await today()).sight == "pseudonym"
            ended = await db.end_role(conn, "desk", NOW)
            assert ended is not None and await db.end_role(conn, "desk", NOW + HOUR) == ended
            assert dict((await today()).grants) == {}
            assert await db.add_role(conn, desk, "", None, NOW) is None, "its bearers would get it"

    run(work())


def test_no_two_keys_have_one_token(dsn):
    async def work():
        async with await connect(dsn) as conn:
            await db.add_key(conn, new_id(), NARROW, core.token_hash("x"), NOW)
            with pytest.raises(UniqueViolation):
                await db.add_key(conn, new_id(), NARROW, core.token_hash("x"), NOW)

    run(work())
