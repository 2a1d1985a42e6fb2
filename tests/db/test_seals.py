"""A chain that was written anew is sound in itself; what was sealed elsewhere knows better."""

from __future__ import annotations

import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from msgspec.structs import replace
from psycopg import AsyncConnection

from support.database import connect, run
from support.shop import TWO_PERCENT, line, opened, program, sale
from tessera.access.audit import flows as audit
from tessera.access.audit.core import Actor, Change, Entry
from tessera.checkout.flows.proof import prove_all
from tessera.doors import seals
from tessera.doors.seals import Sealer
from tessera.doors.trails import sealed_in
from tessera.ledger.core import Move
from tessera.ledger.core.words import chain

LIVE = program(TWO_PERCENT, expiry_days=365)


async def days(shop, sealer: Sealer, *rounds: int) -> UUID:
    """So many purchases of one card, sealed after each round; the wallet."""
    card = await shop.member(10_000)
    for count in rounds:
        for _ in range(count):
            assert (await shop.send(sale(card, line("CAKE", 5, 400)))).status == 201
        await sealer.turn()
    return await wallet_of(shop, card)


async def wallet_of(shop, card: str) -> UUID:
    found = await shop.account(card)
    assert found is not None
    return found


async def strange(dsn: str, place: Path) -> tuple[int, list[str]]:
    looked = 0
    found: list[str] = []
    async with await connect(dsn) as conn:
        async for count, some in seals.differences(conn, place):
            looked, found = looked + count, found + some
    return looked, found


def test_what_the_writer_wrote_is_in_the_books_as_it_was_sealed(dsn, tmp_path):
    async def work() -> None:
        async with opened(dsn, LIVE) as shop:
            first, other = Sealer(shop.house.upkeep, tmp_path), Sealer(shop.house.upkeep, tmp_path)
            await days(shop, first, 1, 3, 0, 2)
            await other.turn()
            assert len(list(seals.blocks_of(tmp_path))) == 3, "one seals; without news no block"
            first.close()
            await other.turn()
            assert len(list(seals.blocks_of(tmp_path))) == 4, "who begins seals everything"
            other.close()
        looked, found = await strange(dsn, tmp_path)
        assert looked == 4 and found == []

    run(work())


def test_a_chain_that_was_written_anew_is_named(dsn, tmp_path):
    async def work() -> None:
        async with opened(dsn, LIVE) as shop:
            sealer = Sealer(shop.house.upkeep, tmp_path)
            wallet = await days(shop, sealer, 2, 2)
            sealer.close()
        forged(dsn, wallet, 2)
        async with await AsyncConnection.connect(dsn) as conn:
            assert (await prove_all(conn, chain=True)).differences == [], "sound in itself"
        _, found = await strange(dsn, tmp_path)
        assert found and all(f"wallet {wallet}" in each for each in found)

    run(work())


def test_moves_that_were_cut_off_are_named(dsn, tmp_path):
    async def work() -> None:
        async with opened(dsn, LIVE) as shop:
            sealer = Sealer(shop.house.upkeep, tmp_path)
            wallet = await days(shop, sealer, 3)
            sealer.close()
        with psycopg.connect(dsn) as conn:
            conn.execute("ALTER TABLE ledger.move DISABLE TRIGGER USER")
            conn.execute("DELETE FROM ledger.move WHERE account_id = %s AND seq >= 4", (wallet,))
        _, found = await strange(dsn, tmp_path)
        assert len(found) == 1

    run(work())


def test_a_seal_that_a_crash_cut_short_goes_on(dsn, tmp_path):
    async def work() -> None:
        async with opened(dsn, LIVE) as shop:
            sealer = Sealer(shop.house.upkeep, tmp_path)
            await days(shop, sealer, 1, 1)
            sealer.close()
            (file,) = seals.files_of(tmp_path)
            file.write_bytes(file.read_bytes()[:-9])
            again = Sealer(shop.house.upkeep, tmp_path)
            await again.turn()
            again.close()
        assert (await strange(dsn, tmp_path))[1] == []

    run(work())


def test_entries_add_up_to_nothing_and_to_every_wallet(dsn):
    async def work() -> None:
        async with opened(dsn, LIVE) as shop:
            card = await shop.member(10_000)
            await shop.send(sale(card, line("CAKE", 5, 400)))
            wallet = await wallet_of(shop, card)
        with psycopg.connect(dsn) as conn:
            (total,) = conn.execute("SELECT sum(points) FROM ledger.entry").fetchone() or (None,)
            (active,) = conn.execute(
                "SELECT sum(points) FROM ledger.entry WHERE account_id = %s AND bucket = 'active'",
                (wallet,),
            ).fetchone() or (None,)
            (kept,) = conn.execute(
                "SELECT active FROM ledger.account WHERE id = %s", (wallet,)
            ).fetchone() or (None,)
        assert total == 0 and active == kept and kept

    run(work())


def test_a_seal_that_could_not_be_written_goes_on(dsn, tmp_path):
    async def work() -> None:
        async with opened(dsn, LIVE) as shop:
            sealer = Sealer(shop.house.upkeep, tmp_path)
            await days(shop, sealer, 1)
            soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            size = seals.files_of(tmp_path)[0].stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, hard))
            try:
                with pytest.raises(OSError, match="large"):
                    await days(shop, sealer, 1)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            await sealer.turn()
            sealer.close()
        looked, found = await strange(dsn, tmp_path)
        assert looked == 3 and found == []

    run(work())


@pytest.mark.parametrize("text", ["", "name,points\nAnna,3\n", "digest 00\n"])
def test_a_file_without_a_block_proves_nothing(tmp_path, text):
    (tmp_path / "ledger-2026-01-01.seal").write_text(text, encoding="ascii")
    with pytest.raises(ValueError, match="block"):
        list(seals.blocks_of(tmp_path))


def test_another_file_is_refused(tmp_path):
    (tmp_path / "ledger-2026-01-01.seal").write_text(
        "block yesterday\ndigest 00\n", encoding="ascii"
    )
    with pytest.raises(ValueError, match="line 2"):
        list(seals.blocks_of(tmp_path))


def forged(dsn: str, wallet: UUID, first: int) -> None:
    """Let the moves from `first` on have happened a day earlier, and make the chain sound again."""
    with psycopg.connect(dsn) as conn:
        conn.execute("ALTER TABLE ledger.move DISABLE TRIGGER USER")
        rows = conn.execute(
            "SELECT seq, outcome_id, source, target, points, lot_id, happened_at, posted_at, hash"
            " FROM ledger.move WHERE account_id = %s ORDER BY seq", (wallet,)
        ).fetchall()  # fmt: skip
        head = b""
        for row in rows:
            move = Move(*row)
            if move.seq >= first:
                earlier = move.happened_at - timedelta(days=1)
                move = replace(move, happened_at=earlier)
            head = chain(head, wallet, move)
            conn.execute(
                "UPDATE ledger.move SET happened_at = %s, hash = %s"
                " WHERE account_id = %s AND seq = %s",
                (move.happened_at, head, wallet, move.seq),
            )
        conn.execute(
            "UPDATE ledger.lot AS l SET earned_at = m.happened_at FROM ledger.move AS m"
            " WHERE m.account_id = l.account_id AND m.lot_id = l.id AND l.account_id = %s",
            (wallet,),
        )
        conn.execute("UPDATE ledger.account SET head = %s WHERE id = %s", (head, wallet))
        assert rows and datetime.now(UTC) > rows[0][6]


def test_the_ends_of_the_audit_log_go_there_too(dsn, tmp_path):
    async def work() -> None:
        async with opened(dsn, LIVE) as shop:
            who = Actor("system", None, "tessera")
            change = Change("store", "S1", None, {"name": "One"})
            async with await connect(dsn) as conn:
                await audit.note(conn, Entry(datetime.now(UTC), who, "store.put", change))
                await conn.commit()
                ends = [head for head in await audit.seal(conn) if head.seq]
            await Sealer(shop.house.upkeep, tmp_path).turn()
            assert sealed_in(tmp_path) == ends and len(ends) == 1

    run(work())
