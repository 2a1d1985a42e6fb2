"""Runs of time between the days of a history, and who may run when."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from support.database import run
from support.loading import shop, table, write
from support.shop import fresh_card, line, opened, program, sale
from tessera.base.refusal import Refusal
from tessera.doors import runs
from tessera.doors.cli.load.command import LOADER
from tessera.doors.cli.load.report import Quiet
from tessera.doors.cli.load.run import load_receipts
from tessera.ledger import db

ONE_EACH = {"id": "base", "mechanic": "base_rate", "points": 1, "per_minor": 1}
FILE = """
1 2025-01-01T10:00:00 A SOUP 1 1.00 soup
2 2025-01-05T10:00:00 B SOUP 1 0.20 soup
3 2025-01-20T10:00:00 A SOUP 1 0.30 soup
4 2025-01-21T10:00:00 C SOUP 1 0.07 soup
"""


def test_a_load_lets_time_pass_between_its_days(dsn, tmp_path):
    path = write(tmp_path / "receipts.csv", table(FILE))

    async def work():
        async with opened(dsn, program(ONE_EACH, expiry_days=10)) as counter:
            house = counter.house
            async with house.upkeep.connection() as conn, runs.history(conn, house.lives) as past:
                report = await load_receipts(
                    path, shop(), writer=house.writer, connect=house.desk.connection,
                    refresh=house.refresh, principal=LOADER, progress=Quiet(), past=past,
                )  # fmt: skip
            assert not isinstance(report, Refusal), report
            done = await db.newest_runs(counter.eye, 10)
            assert [(each.at, each.wallets, each.expired) for each in done] == [
                (datetime(2025, 1, 20, tzinfo=UTC), 2, 120)
            ]
            rows = await counter.eye.execute(
                "SELECT sum(active)::int FROM ledger.account UNION ALL "
                "SELECT count(*)::int FROM ledger.move WHERE target = 'expired' "
                "AND happened_at = ANY (%s)",
                ([datetime(2025, 1, 11, 23, tzinfo=UTC), datetime(2025, 1, 15, 23, tzinfo=UTC)],),
            )
            assert [row[0] for row in await rows.fetchall()] == [37, 2]
            await counter.eye.rollback()
            (rest,) = await counter.run()
            assert rest.expired == 37
            await counter.assert_proved()

    run(work())


@pytest.mark.parametrize(("sold", "waits"), [(False, [9, 17]), (True, [9, 12, 20])])
def test_a_load_waits_only_where_something_may_be_due(dsn, sold, waits):
    """Points live ten days. Of what was begun before, some may be from a place a day behind."""
    asked: list[int] = []

    async def work():
        async with opened(dsn, program(ONE_EACH, expiry_days=10)) as counter:
            house = counter.house
            if sold:  # it is due in the night to the 12th
                old = datetime(2025, 1, 1, 12, tzinfo=UTC)
                await counter.send(sale(fresh_card(), line("SOUP", 1, 30), at=old))
            async with house.upkeep.connection() as conn, runs.history(conn, house.lives) as past:
                for day in range(1, 21):

                    async def settled(day: int = day) -> None:
                        asked.append(day)

                    for hour in (8, 20):
                        await past.reaches(datetime(2025, 1, day, hour, tzinfo=UTC), settled)

    run(work())
    assert asked == waits


@pytest.mark.parametrize("loads", [1, 2])
def test_nobody_runs_while_receipts_are_loaded(dsn, loads):
    async def work():
        async with opened(dsn, program(ONE_EACH, expiry_days=10)) as counter:
            pool, lives = counter.house.upkeep, counter.house.lives
            async with (
                pool.connection() as one, counter.house.desk.connection() as two,
                runs.history(one, lives),
            ):  # fmt: skip
                if loads == 2:
                    async with runs.history(two, lives):
                        pass
                async with runs.turn(two) as mine:
                    assert not mine
            async with pool.connection() as one, runs.turn(one) as mine:
                assert mine
                async with counter.house.desk.connection() as two, runs.turn(two) as also:
                    assert not also

    run(work())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE ledger.run SET expired = expired + 1", "by its moves 0, 30, 0"),
        ("UPDATE ledger.run SET activated = 1", "by its moves 0, 30, 0"),
        ("UPDATE ledger.account SET active = active + 7", "the wallets say (7, 0, 0)"),
    ],
    ids=["expired", "activated", "balance"],
)
def test_the_proof_holds_runs_and_reports_against_the_moves(dsn, change, told):
    async def work():
        async with opened(dsn, program(ONE_EACH, expiry_days=10)) as counter:
            old = datetime(2025, 1, 1, tzinfo=UTC)
            await counter.send(sale(fresh_card(), line("SOUP", 1, 30), at=old))
            await counter.run()
            await counter.assert_proved()
            await counter.eye.execute(change)
            await counter.eye.commit()
            assert any(told in each for each in (await counter.proof()).differences)

    run(work())
