"""The proof finds nothing in what the writer wrote, and names whatever anybody else changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import AsyncConnection

from support.database import run
from support.shop import PAY, THIRD_LATTE, TWO_PERCENT, goods_back, line, opened, program, sale
from tessera.checkout.core import Quote
from tessera.ledger.core import Move, chain

LIVE = program(TWO_PERCENT, PAY, THIRD_LATTE, expiry_days=365)


async def a_busy_day(shop) -> str:
    """Every kind of operation once; the card whose account has five moves or more."""
    card = await shop.member(10_000, 20_000)
    bought = sale(card, line("LATTE", 4, 250), line("HAM", 333, 1999, "g"), spend=150)
    for ask in (bought, goods_back(bought, (1, 1)), goods_back(bought)):
        assert (await shop.send(ask)).status == 201
    basket = sale(card, line("CAKE", 2, 400), spend=50)
    kept = (await shop.send(Quote(basket, hold=True))).answer.id
    assert (await shop.send(sale(card, *basket.lines, spend=50, quote=kept))).status == 201
    await shop.send(Quote(sale(card, line("CAKE", 1, 400), spend=70), hold=True))
    nobodys = sale(None, line("SOUP", 3, 450))
    assert (await shop.send(goods_back(nobodys, (1, 1)))).status == 202  # it waits for its sale
    assert (await shop.send(nobodys)).status == 201
    await shop.woken()
    return card


def test_a_busy_day_is_proved_and_counted(dsn):
    async def work():
        async with opened(dsn, LIVE) as shop:
            await a_busy_day(shop)
            await shop.house.close()
            report = await shop.proof(chain=True)
            assert report.differences == []
            counted = report.checked
            assert list(counted) == [
                "operations", "receipts", "entries", "lots", "holds", "accounts"
            ]  # fmt: skip
            assert (counted["receipts"], counted["holds"], counted["accounts"]) == (8, 2, 1)
            assert counted["operations"] == 10 and counted["lots"] == 4

    run(work())


def test_an_empty_house_is_proved(dsn):
    async def work():
        async with await AsyncConnection.connect(dsn) as conn:
            from tessera.checkout.flows.proof import prove_all

            report = await prove_all(conn, chain=True)
            assert report.differences == [] and set(report.checked.values()) == {0}

    run(work())


def test_a_proof_only_reads_and_sees_one_moment(dsn):
    async def work():
        async with opened(dsn, LIVE) as shop:
            from tessera.checkout.flows.proof import prove_all

            card = await shop.member(10_000)
            before = await prove_all(shop.eye, chain=False)
            assert (await shop.send(sale(card, line("SOUP", 1, 500)))).status == 201
            cursor = await shop.eye.execute("SELECT count(*) FROM checkout.receipt")
            assert await cursor.fetchone() == (before.checked["receipts"],)
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                await shop.eye.execute("UPDATE ledger.account SET active = 0")
            await shop.eye.rollback()
            assert (await shop.proof()).checked["receipts"] == 2

    run(work())


# Tampering: what the owner of the database can do when the triggers are off ------------------------

ONE = "account_id = (SELECT id FROM ledger.account)"


@dataclass(frozen=True)
class Tampering:
    name: str
    change: tuple[str, ...] | Callable[[psycopg.Connection], None]
    named: str
    chain: bool = False


def forge(conn: psycopg.Connection) -> None:
    """A move with all the right sums, and a hash of the forger's own making."""
    row = conn.execute(
        "SELECT account_id, seq, outcome_id, source, target, points, lot_id, happened_at,"
        " posted_at, hash FROM ledger.move WHERE source = 'issued' ORDER BY seq LIMIT 1"
    ).fetchone()
    assert row is not None
    account_id, seq, *rest = row
    (last,) = conn.execute("SELECT max(seq) FROM ledger.move").fetchone() or (0,)
    forged = Move(last + 1, rest[0], "spent", "active", 1, *rest[4:])
    mark = chain(b"no head of this chain", account_id, forged)
    conn.execute(
        "INSERT INTO ledger.move SELECT account_id, %s, outcome_id, 'spent', 'active', 1, lot_id,"
        " happened_at, posted_at, %s FROM ledger.move WHERE account_id = %s AND seq = %s",
        (last + 1, mark, account_id, seq),
    )
    conn.execute(f"UPDATE ledger.lot SET remaining = remaining + 1 WHERE id = '{rest[4]}'")
    conn.execute(
        "UPDATE ledger.account SET active = active + 1, seq = %s, head = %s", (last + 1, mark)
    )
    conn.execute(
        f"UPDATE checkout.receipt SET points_spent = points_spent - 1 WHERE id = '{rest[0]}'"
    )


def swap(one: int, other: int) -> tuple[str, ...]:
    return tuple(
        f"UPDATE ledger.move SET seq = {new} WHERE seq = {old} AND {ONE}"
        for old, new in ((one, -1), (other, one), (-1, other))
    )


ACCOUNT = r"account [0-9a-f-]{36}: "
TAMPERINGS = (
    Tampering("points of a move", (f"UPDATE ledger.move SET points = points + 1 WHERE seq = 1 AND {ONE}",),
              ACCOUNT + r"active is \d+, expected \d+ by its moves"),
    Tampering("time of a move", (f"UPDATE ledger.move SET posted_at = posted_at - interval '1 day' WHERE seq = 2 AND {ONE}",),
              ACCOUNT + r"move 2 \(400 points from issued to active\) was changed or forged", chain=True),
    Tampering("a move deleted", (f"DELETE FROM ledger.move WHERE seq = 2 AND {ONE}",),
              ACCOUNT + r"moves run from 1 to (\d+), expected \1 of them, found \d+"),
    Tampering("a move deleted, by the chain", (f"DELETE FROM ledger.move WHERE seq = 2 AND {ONE}",),
              ACCOUNT + r"move 2 is missing, the next is 3", chain=True),
    Tampering("the last move deleted", (f"DELETE FROM ledger.move WHERE seq = (SELECT max(seq) FROM ledger.move) AND {ONE}",),
              ACCOUNT + r"its row counts \d+ moves, the last one found is \d+"),
    Tampering("two moves swapped", swap(1, 2),
              ACCOUNT + r"move 1 .* stands in a wrong place: it was posted as move 2", chain=True),
    Tampering("two distant moves swapped", swap(2, 5),
              ACCOUNT + r"move 2 .* stands in a wrong place: it was posted as move 5", chain=True),
    Tampering("a lot", ("UPDATE ledger.lot SET remaining = remaining - 1 WHERE remaining = 400",),
              ACCOUNT + r"lot [0-9a-f-]{36} has 399 points left, expected 400 by its moves"),
    Tampering("a lot's size", ("UPDATE ledger.lot SET points = points + 1 WHERE remaining = 400",),
              ACCOUNT + r"lot [0-9a-f-]{36} of 401 points, but its first move, 2, is of 400"),
    Tampering("a lot deleted", ("DELETE FROM ledger.lot WHERE remaining = 400",),
              ACCOUNT + r"moves name lot [0-9a-f-]{36}, which has no row"),
    Tampering("a lot's owner", ("UPDATE ledger.lot SET outcome_id = id WHERE remaining = 400",),
              ACCOUNT + r"lot [0-9a-f-]{36} is of operation"),
    Tampering("active", ("UPDATE ledger.account SET active = active + 5",),
              ACCOUNT + r"active is \d+, expected \d+ by its lots"),
    Tampering("debt", ("UPDATE ledger.account SET debt = 5",),
              ACCOUNT + r"debt is 5, expected 0 by its moves"),
    Tampering("in all", ("UPDATE ledger.account SET active = active + 5",),
              r"in all: \d+ points outstanding in accounts, expected \d+"),
    Tampering("head", ("UPDATE ledger.account SET head = 'x'",),
              ACCOUNT + r"its head is not the hash of its last move"),
    Tampering("holds", ("UPDATE ledger.account SET holds = 0",),
              ACCOUNT + r"its row counts 0 open holds, found 1"),
    Tampering("expiry", ("UPDATE ledger.account SET soonest_expiry = NULL",),
              ACCOUNT + r"a lot expires at .*, sooner than its row knows \(never\)"),
    Tampering("a hold", ("UPDATE ledger.hold SET points = points + 1 WHERE ended_at IS NULL",),
              ACCOUNT + r"hold [0-9a-f-]{36} keeps 71 points, its pins 70"),
    Tampering("a pin", ("UPDATE ledger.pin SET points = 9999",
                        "UPDATE ledger.hold SET points = 9999"),
              ACCOUNT + r"open holds keep 9999 points of lot"),
    Tampering("a way", (f"UPDATE ledger.move SET source = 'expired' WHERE seq = 3 AND target = 'spent' AND {ONE}",),
              ACCOUNT + r"move 3 of \d+ points goes from expired to spent with a lot"),
    Tampering("a forged move", forge,
              ACCOUNT + r"move \d+ \(1 points from spent to active\) was changed or forged", chain=True),
    Tampering("points of a receipt", ("UPDATE checkout.receipt SET points_earned = points_earned + 1 WHERE gross_minor = 20000",),
              r"receipt [0-9a-f-]{36} \(account [0-9a-f-]{36}\): 401 points earned, expected 400"),
    Tampering("points of nobody", ("UPDATE checkout.receipt SET points_spent = 1 WHERE account_id IS NULL AND kind = 'sale'",),
              r"receipt [0-9a-f-]{36} \(account none\): 1 points spent, expected 0"),
    Tampering("a receipt deleted", ("DELETE FROM checkout.receipt WHERE gross_minor = 20000",),
              ACCOUNT + r"moves name operation [0-9a-f-]{36}, but it has no receipt"),
    Tampering("a call without its receipt", ("DELETE FROM checkout.receipt WHERE gross_minor = 20000",),
              r"call receipt.confirm with key \S+: taken as operation \S+, but nothing was done"),
    Tampering("to pay", ("UPDATE checkout.receipt SET to_pay_minor = 1 WHERE gross_minor = 20000",),
              r"receipt [0-9a-f-]{36}: its row says 20000 gross, 1 to pay"),
    Tampering("a refund", ("UPDATE checkout.receipt SET to_pay_minor = to_pay_minor - 1 WHERE kind = 'return' AND account_id IS NOT NULL",),
              r"sale [0-9a-f-]{36} with its returns: .* expected"),
    Tampering("units of a return", ("UPDATE checkout.receipt SET lines = '[{\"line\":1,\"quantity\":4}]' WHERE kind = 'return' AND account_id IS NULL",),
              r"sale [0-9a-f-]{36}, line 1: 3 sold, 4 came back, 2 left"),
    Tampering("a return doubled", ("UPDATE checkout.receipt SET story = (SELECT story FROM checkout.receipt WHERE kind = 'return' AND account_id IS NOT NULL ORDER BY posted_at LIMIT 1) WHERE kind = 'return' AND account_id IS NOT NULL",),
              r"sale [0-9a-f-]{36}: 2 returns left it in 1 states"),
    Tampering("a return's sale", ("UPDATE checkout.receipt SET sale_id = id WHERE kind = 'return' AND account_id IS NULL",),
              r"return [0-9a-f-]{36}: names no sale"),
    Tampering("a receipt twice", ("DROP INDEX checkout.receipt_identity", "UPDATE checkout.receipt SET number = 'twice' WHERE kind = 'sale'"),
              r'receipt twice of store S1, till 1, \S+, shift "" is there \d times'),
    Tampering("a call forgotten", ("DELETE FROM access.request WHERE operation = 'quote'",),
              r"promise [0-9a-f-]{36}: no call asked for it"),
    Tampering("a call doubled", ("INSERT INTO access.request SELECT principal_id, key || 'x', operation, fingerprint, outcome_id, posted_at FROM access.request",),
              r"receipt [0-9a-f-]{36}: 2 calls asked for it, expected 1"),
    Tampering("a promise", ("UPDATE checkout.quote SET ended = NULL",),
              r"hold [0-9a-f-]{36} of account [0-9a-f-]{36} ended as captured, its promise .* as open"),
    Tampering("a waiting return", ("UPDATE checkout.parked SET settled_at = NULL",),
              r"waiting return [0-9a-f-]{36} for receipt \S+: open, but it has a receipt"),
)  # fmt: skip # noqa: RUF028


@pytest.fixture(scope="module")
def busy(server, template):
    """A database after a busy day, to be copied."""
    from support import database

    database.make(server, "tessera_busy", template)

    async def work():
        async with opened(database.at(server, "tessera_busy"), LIVE) as shop:
            await a_busy_day(shop)

    run(work())
    yield "tessera_busy"
    database.drop(server, "tessera_busy")


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda each: each.name)
def test_tampering_is_named(server, busy, tampering):
    from support import database

    name = "tessera_tampered"
    database.drop(server, name)
    database.make(server, name, busy)
    dsn = database.at(server, name)
    with psycopg.connect(dsn) as conn:
        conn.execute("SET session_replication_role = replica")  # triggers and foreign keys off
        if callable(tampering.change):
            tampering.change(conn)
        else:
            for statement in tampering.change:
                assert conn.execute(statement).rowcount  # type: ignore[arg-type]

    async def work():
        from tessera.checkout.flows.proof import prove_all

        async with await AsyncConnection.connect(dsn) as conn:
            plain = await prove_all(conn, chain=False)
            await conn.rollback()
            return plain.differences, (await prove_all(conn, chain=True)).differences

    plain, chained = run(work())
    database.drop(server, name)
    found = chained if tampering.chain else plain
    assert any(re.match(tampering.named, each) for each in found), found
    if tampering.chain and "deleted" not in tampering.name:
        assert plain == [], "only the chain could tell"


def test_a_hold_past_its_deadline_keeps_nothing(dsn):
    """Its points may be spent before the sweeper has ended it: that is no difference."""

    async def work():
        async with opened(dsn, LIVE) as shop:
            card = await shop.member(10_000)
            basket = sale(card, line("CAKE", 1, 400), spend=150)
            assert (await shop.send(Quote(basket, hold=True))).answer.balance.held == 150
            past = datetime.now(UTC) - timedelta(seconds=1)
            for table in ("ledger.hold", "checkout.quote"):
                await shop.eye.execute(f"UPDATE {table} SET deadline = %s", (past,))  # type: ignore[arg-type]
            await shop.eye.commit()
            assert (await shop.send(sale(card, line("HAM", 1, 300), spend=200))).balance == 2
            await shop.assert_proved()

    run(work())
