"""The proof finds nothing in what the writer wrote, and names whatever anybody else changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import AsyncConnection

from support import database
from support.database import run
from support.shop import PAY, THIRD_LATTE, TWO_PERCENT, goods_back, line, opened, program, sale
from tessera.checkout.core import Quote
from tessera.checkout.flows.proof import prove_all

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
                "operations", "receipts", "events", "entries", "lots", "holds", "accounts",
                "transfers", "carried over", "joinings", "postings", "referrals", "claims",
                "prizes of boards",
            ]  # fmt: skip
            assert (counted["receipts"], counted["holds"], counted["accounts"]) == (8, 2, 1)
            assert counted["operations"] == 10 and counted["lots"] == 4

    run(work())


def test_an_empty_house_is_proved(dsn):
    async def work():
        async with await AsyncConnection.connect(dsn) as conn:
            report = await prove_all(conn, chain=True)
            assert report.differences == [] and set(report.checked.values()) == {0}

    run(work())


def test_a_proof_only_reads_and_sees_one_moment(dsn):
    async def work():
        async with opened(dsn, LIVE) as shop:
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


# Tampering: what the owner of the database can do when the triggers are off ----------------------


@dataclass(frozen=True)
class Tampering:
    """What is done, and the sentence that names it; with `chain` nothing else could tell."""

    name: str
    changes: tuple[str, ...]
    named: str
    chain: bool


def read(text: str) -> list[Tampering]:
    """Blocks of a name, statements, and the sentence after `>` (or `>>`: only the chain tells)."""
    found = []
    for block in text.strip().split("\n\n"):
        name, _, rest = block.partition("\n")
        statements, mark, said = re.split(r"\n(>>?) ", rest)
        named = re.escape(said).replace("ID", "[0-9a-f-]{36}").replace("\\#", r"-?\d+")
        changes = tuple(each.replace("\n", " ").strip() for each in statements.split(";"))
        found.append(Tampering(name, changes, named.replace(r"\.\.\.", ".*"), mark == ">>"))
    return found


TAMPERINGS = read(r"""
points of a move
UPDATE ledger.move SET points = points + 1 WHERE seq = 1
> account ID: active is #, expected # by its moves

points of a move, in its lot
UPDATE ledger.move SET points = points + 1 WHERE seq = 2
> account ID: lot ID has 400 points left, expected 401 by its moves

the time of a move
UPDATE ledger.move SET posted_at = posted_at - interval '1 day' WHERE seq = 2
>> account ID: move 2 (400 points from issued to active) was changed or forged

a move deleted
DELETE FROM ledger.move WHERE seq = 2
> account ID: moves run from 1 to 10, expected 10 of them, found 9: some are missing

the last move deleted
DELETE FROM ledger.move WHERE seq = (SELECT max(seq) FROM ledger.move)
> account ID: its row counts 10 moves, the last one found is 9

the first move deleted
DELETE FROM ledger.move WHERE seq = 1
> account ID: moves run from 2 to 10, expected 10 of them, found 9

two moves swapped
UPDATE ledger.move SET seq = -1 WHERE seq = 1; UPDATE ledger.move SET seq = 1 WHERE seq = 2;
UPDATE ledger.move SET seq = 2 WHERE seq = -1
>> account ID: move 1 (400 points from issued to active) stands in a wrong place: it was posted as move 2

a way that does not exist
UPDATE ledger.move SET source = 'adjusted' WHERE target = 'spent' AND seq = 3
> account ID: move 3 of # points goes from adjusted to spent with a lot, which no operation posts

points spent as expired that never had
UPDATE ledger.move SET source = 'expired' WHERE target = 'spent' AND seq = 3
> account ID: of lot ID # points were spent that had expired, but only # had

a forged move with all the right sums
INSERT INTO ledger.move
SELECT account_id, 11, outcome_id, 'spent', 'active', 1, lot_id, happened_at, posted_at, 'forged'
FROM ledger.move WHERE target = 'spent' AND points = 50;
UPDATE ledger.lot SET remaining = remaining + 1
WHERE id = (SELECT lot_id FROM ledger.move WHERE seq = 11);
UPDATE ledger.account SET active = active + 1, seq = 11, head = 'forged';
UPDATE checkout.receipt SET points_spent = 49, story = convert_to(replace(
convert_from(story, 'UTF8'), '"points_spent":50', '"points_spent":49'), 'UTF8')
WHERE points_spent = 50
>> account ID: move 11 (1 points from spent to active) was changed or forged

a lot
UPDATE ledger.lot SET remaining = remaining - 1 WHERE remaining = 400
> account ID: lot ID has 399 points left, expected 400 by its moves

a lot's size
UPDATE ledger.lot SET points = points + 1 WHERE remaining = 400
> account ID: lot ID of 401 points, but its first move, 2, is of 400 from issued to active

a lot deleted
DELETE FROM ledger.lot WHERE remaining = 400
> account ID: moves name lot ID, which has no row

a lot's operation
UPDATE ledger.lot SET outcome_id = id WHERE remaining = 400
> account ID: lot ID is of operation ID at

active
UPDATE ledger.account SET active = active + 5
> account ID: active is #, expected # by its lots

an account deleted
DELETE FROM ledger.account
> account ID: has 10 moves, # points in lots, 1 holds, but no row

debt
UPDATE ledger.account SET debt = 5
> account ID: debt is 5, expected 0 by its moves

points out of nothing
UPDATE ledger.account SET active = active + 5
> in all: # points outstanding in accounts, expected #

the head of the chain
UPDATE ledger.account SET head = 'x'
> account ID: its head is not the hash of its last move, 10

open holds
UPDATE ledger.account SET holds = 0
> account ID: its row counts 0 open holds, found 1

the soonest expiry
UPDATE ledger.account SET soonest_expiry = NULL
> account ID: a lot expires at ..., sooner than its row knows (never)

a hold
UPDATE ledger.hold SET points = points + 1 WHERE ended_at IS NULL
> account ID: hold ID keeps 71 points, its pins 70

a pin
UPDATE ledger.pin SET points = 9999; UPDATE ledger.hold SET points = 9999
> account ID: open holds keep 9999 points of lot ID, which has # left

points earned
UPDATE checkout.receipt SET points_earned = points_earned + 1 WHERE gross_minor = 20000
> receipt ID (account ID): 401 points earned, expected 400 by its moves

nobody's points
UPDATE checkout.receipt SET points_spent = 1 WHERE account_id IS NULL AND kind = 'sale'
> receipt ID (account none): 1 points spent, expected 0 by its moves

a receipt deleted, by its moves
DELETE FROM checkout.receipt WHERE gross_minor = 20000
> account ID: moves name operation ID, but it has no receipt of this id

a receipt deleted, by its call
DELETE FROM checkout.receipt WHERE gross_minor = 20000
> call receipt.confirm with key ...: taken as operation ID, but nothing was done

to pay
UPDATE checkout.receipt SET to_pay_minor = 1 WHERE gross_minor = 20000
> receipt ID: its row says 20000 gross, 1 to pay, 400 earned, 0 spent, its story 20000, 20000, 400, 0

a refund
UPDATE checkout.receipt SET to_pay_minor = to_pay_minor - 1 WHERE kind = 'return'
> sale ID with its returns: ... expected 0, 0, 0, 0 by return ID

units of a return
UPDATE checkout.receipt SET lines = '[{"line":1,"quantity":4}]'
WHERE kind = 'return' AND account_id IS NULL
> sale ID, line 1: 3 sold, 4 came back, 2 left

units came back twice
UPDATE checkout.receipt SET story = (
SELECT story FROM checkout.receipt WHERE points_earned = -5 AND kind = 'return' LIMIT 1)
WHERE kind = 'return' AND account_id IS NOT NULL
> sale ID: 2 returns left it in 1 states: units came back twice

the sale of a return
UPDATE checkout.receipt SET sale_id = id WHERE kind = 'return'
> return ID: names no sale

a receipt twice
DROP INDEX checkout.receipt_identity;
UPDATE checkout.receipt SET number = 'twice' WHERE kind = 'sale'
> receipt twice of store S1, till 1, ..., shift "" is there 5 times

a promise's call
DELETE FROM access.request WHERE operation = 'quote'
> promise ID: no call asked for it

a receipt's call
DELETE FROM access.request WHERE operation = 'receipt.confirm'
> receipt ID: no call asked for it

a call doubled
INSERT INTO access.request
SELECT principal_id, key || 'x', operation, fingerprint, outcome_id, posted_at FROM access.request
> receipt ID: 2 calls asked for it, expected 1

a promise
UPDATE checkout.quote SET ended = NULL
> hold ID of account ID ended as captured, its promise (account ID) as open

a waiting return
UPDATE checkout.parked SET settled_at = NULL
> waiting return ID for receipt ...: open, but it has a receipt
""")  # noqa: E501  sentences and statements as they are


@pytest.fixture(scope="module")
def busy(server, template):
    """A database after a busy day, to be copied."""
    database.make(server, "tessera_busy", template)

    async def work():
        async with opened(database.at(server, "tessera_busy"), LIVE) as shop:
            await a_busy_day(shop)

    run(work())
    yield "tessera_busy"
    database.drop(server, "tessera_busy")


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda each: each.name)
def test_tampering_is_named(server, busy, tampering):
    name = "tessera_tampered"
    database.drop(server, name)
    database.make(server, name, busy)
    dsn = database.at(server, name)
    with psycopg.connect(dsn) as conn:
        conn.execute("SET session_replication_role = replica")  # triggers and foreign keys off
        for statement in tampering.changes:
            conn.execute(statement.encode())

    async def work():
        async with await AsyncConnection.connect(dsn) as conn:
            plain = await prove_all(conn, chain=False)
            await conn.rollback()
            return plain.differences, (await prove_all(conn, chain=True)).differences

    plain, chained = run(work())
    database.drop(server, name)
    assert any(re.match(tampering.named, each) for each in chained), chained
    assert bool(plain) != tampering.chain, plain


def test_a_hold_past_its_deadline_keeps_nothing(dsn):
    """Its points may be spent before the sweeper has ended it: that is no difference."""

    async def work():
        async with opened(dsn, LIVE) as shop:
            card = await shop.member(10_000)
            basket = sale(card, line("CAKE", 1, 400), spend=150)
            assert (await shop.send(Quote(basket, hold=True))).status == 200
            assert (await shop.balance(card)).held == 150
            past = datetime.now(UTC) - timedelta(seconds=1)
            await shop.overdue(past)
            assert (await shop.send(sale(card, line("HAM", 1, 300), spend=200))).balance == 2
            await shop.assert_proved()

    run(work())
