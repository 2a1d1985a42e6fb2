"""Files of receipts go through the real writer into a real database."""

import random
from itertools import groupby

import pytest

from support.database import run
from support.loading import (
    SHOP,
    balances,
    load,
    loaded,
    opened,
    seen,
    shop,
    table,
    write,
)
from tessera.base.refusal import Refusal
from tessera.doors.cli.load import posting, returning
from tessera.doors.cli.load import run as running
from tessera.doors.cli.load.report import Quiet, Report, as_json, as_table

# Anna (7) buys on two days and brings back from both; somebody unnamed buys and brings one back;
# 8 brings back what was never sold to him; 9 returns more than he bought; A1 and -1 are no sales.
YEAR = """
1   2026-03-01T10:00 7 TEA  3 2.00 Tea_from_Assam
1   2026-03-01T10:00 7 CUP  1 5.00
2   2026-03-02T10:00 7 TEA  2 2.00
3   2026-03-02T11:00 - TEA  2 2.00
4   2026-03-02T12:00 - CUP -4 0.00
C5  2026-03-03T10:00 7 TEA -4 2.00
C5  2026-03-03T10:00 7 CUP -1 5.00
C6  2026-03-03T11:00 - TEA -1 2.00
C7  2026-03-03T12:00 8 TEA -1 2.00
A8  2026-03-04T10:00 - BOOK 1 99.00
9   2026-03-04T10:00 9 TEA  1 2.00
C10 2026-03-04T11:00 9 TEA -2 2.00
C10 2026-03-04T11:00 9 CUP -1 5.00
"""
RECEIPTS = """
SELECT r.number, r.kind, coalesce(i.value, '-'), r.gross_minor FROM checkout.receipt r
LEFT JOIN members.identifier i USING (member_id) ORDER BY r.number
"""
ASIDE = "SELECT number, row_number, code, field, why FROM warehouse.quarantine ORDER BY row_number"


def rows():
    return table(YEAR)


def test_a_file_is_posted_or_put_aside_whole(dsn, tmp_path):
    report = loaded(dsn, write(tmp_path / "y.csv", rows()), shop())
    assert seen(dsn, RECEIPTS) == [
        ("1", "sale", "7", 1100),
        ("2", "sale", "7", 400),
        ("3", "sale", "-", 400),
        ("9", "sale", "9", 200),
        ("C5/1", "return", "7", -900),
        ("C5/2", "return", "7", -400),
        ("C6", "return", "-", -200),
    ]
    assert seen(dsn, ASIDE) == [
        ("4", 6, "negative_quantity", "n", "row 6: -4 piece on a sale"),
        ("C7", 10, "no_earlier_sale", "", "row 10: 1 piece of TEA come back, none was sold"
         " to this member earlier"),
        ("A8", 11, "adjustment", "no", "row 11: not a sale"),
        ("C10", 13, "more_than_sold", "", "row 13: 2 piece of TEA come back, 1 are left of what"
         " was sold earlier; row 14: 1 piece of CUP come back, none was sold to this member"
         " earlier"),
    ]  # fmt: skip
    assert balances(dsn) == {"7": (4, 0), "8": (0, 0), "9": (4, 0)}
    assert (report.receipts, report.rows) == (10, 13)
    assert (report.posted_sales, report.posted_returns, report.already_known) == (4, 2, 0)
    assert sum(report.quarantined.values()) == 4


def test_the_same_file_again_changes_nothing(dsn, tmp_path):
    path = write(tmp_path / "y.csv", rows())
    first = loaded(dsn, path, shop())
    before = everything(dsn)
    again = loaded(dsn, path, shop())
    assert again.loaded_before
    assert not first.loaded_before
    assert (again.receipts, again.quarantined) == (first.receipts, first.quarantined)
    assert everything(dsn) == before


def test_the_same_receipts_in_another_file_are_known(dsn, tmp_path):
    loaded(dsn, write(tmp_path / "y.csv", rows()), shop())
    before = everything(dsn)
    report = loaded(dsn, write(tmp_path / "z.csv", list(reversed(rows()))), shop())
    assert (report.posted_sales, report.posted_returns) == (0, 0)
    # the lines of receipt 1 stand the other way round: that is another receipt under its number
    assert report.quarantined.pop("key_reused") == 1
    assert (report.already_known, sum(report.quarantined.values())) == (5, 4)
    assert everything(dsn)[0] == before[0]


def everything(dsn):
    return (
        seen(dsn, "SELECT * FROM checkout.receipt ORDER BY id"),
        seen(dsn, "SELECT * FROM ledger.move ORDER BY account_id, seq"),
        seen(dsn, "SELECT * FROM warehouse.quarantine ORDER BY number"),
        seen(dsn, "SELECT count(*) FROM warehouse.waiting_return"),
    )


@pytest.mark.parametrize("seed", range(3))
def test_another_order_with_duplicates_gives_the_same_balances(dsn, tmp_path, seed):
    groups = [list(group) for _, group in groupby(rows(), key=lambda row: row[0])]
    groups += [group for group in groups if len(group) > 1]
    random.Random(seed).shuffle(groups)
    shuffled = [row for group in groups for row in group]
    report = loaded(dsn, write(tmp_path / "y.csv", shuffled), shop())
    assert balances(dsn) == {"7": (4, 0), "8": (0, 0), "9": (4, 0)}
    assert report.receipts == 10
    assert report.rows == report.repeated_rows + 13


def test_what_was_bad_and_comes_right_leaves_quarantine(dsn, tmp_path):
    loaded(dsn, write(tmp_path / "y.csv", rows()), shop())
    right = [
        "4 2026-03-02T12:00 - CUP 4 0.00",
        "11 2026-03-01T09:00 8 TEA 5 2.00",
        "C7 2026-03-03T12:00 8 TEA -1 2.00",
    ]
    report = loaded(dsn, write(tmp_path / "z.csv", table("\n".join(right))), shop())
    assert (report.posted_sales, report.posted_returns, report.quarantined) == (2, 1, {})
    assert [row[0] for row in seen(dsn, ASIDE)] == ["A8", "C10"]


class Killed(Exception):
    """The process dies here."""


class Kill(Quiet):
    """Dies after so many steps of progress."""

    def __init__(self, after):
        self.left = after

    def advance(self, count):
        self.left -= 1
        if self.left < 0:
            raise Killed


@pytest.mark.faults
@pytest.mark.parametrize("checkpoint", [1, 3])
def test_killed_anywhere_and_started_again_it_posts_each_receipt_once(
    dsn, tmp_path, monkeypatch, checkpoint
):
    monkeypatch.setattr(running, "CHECKPOINT", checkpoint)
    path = write(tmp_path / "y.csv", rows())

    async def with_deaths():
        deaths = 0
        async with opened(dsn, "EUR") as (house, who):
            for after in [*range(1, 14), 10**9]:
                try:
                    report = await load(house, who, path, shop(), Kill(after))
                except Killed:
                    deaths += 1
                    continue
                return report, deaths
        raise AssertionError("the last one lives")

    report, deaths = run(with_deaths())
    assert deaths > 3
    assert isinstance(report, Report)
    assert (report.posted_sales, report.posted_returns, report.already_known) == (4, 2, 0)
    assert (report.receipts, report.rows) == (10, 13)
    assert [row[0] for row in seen(dsn, RECEIPTS)] == ["1", "2", "3", "9", "C5/1", "C5/2", "C6"]
    assert balances(dsn) == {"7": (4, 0), "8": (0, 0), "9": (4, 0)}
    assert seen(dsn, "SELECT count(*) FROM warehouse.waiting_return") == [(0,)]


def test_a_half_posted_return_is_finished_by_its_plan(dsn, tmp_path, monkeypatch):
    """It dies after C5/1. Then somebody returns the tea at a till: the plan still decides."""
    path = write(tmp_path / "y.csv", rows())
    posted = posting.Post.all

    async def half(self, asks):
        await self(asks[0])
        raise Killed

    async def twice():
        async with opened(dsn, "EUR") as (house, who):
            monkeypatch.setattr(posting.Post, "all", half)
            with pytest.raises(Killed):
                await load(house, who, path, shop())
            monkeypatch.setattr(posting.Post, "all", posted)
            return await load(house, who, path, shop())

    report = run(twice())
    assert isinstance(report, Report)
    assert report.posted_returns == 2
    assert balances(dsn)["7"] == (4, 0)


def test_a_currency_of_another_program_stops_the_load_and_puts_nothing_aside(dsn, tmp_path):
    path = write(tmp_path / "y.csv", rows())

    async def go():
        async with opened(dsn, "USD") as (house, who):
            return await load(house, who, path, shop())

    refusal = run(go())
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field) == ("currency_other", "currency")
    assert refusal.why.startswith("row 2: EUR sent, this program runs in USD; so it is with")
    assert seen(dsn, ASIDE) == []


def test_two_processes_do_not_load_one_file(dsn, tmp_path, monkeypatch):
    path = write(tmp_path / "y.csv", rows())
    said = []
    begun = running.Work.all

    async def go():
        async with opened(dsn, "EUR") as (house, who):

            async def all_(self):
                said.append(await load(house, who, path, shop()))
                return await begun(self)

            monkeypatch.setattr(running.Work, "all", all_)
            return await load(house, who, path, shop())

    assert isinstance(run(go()), Report)
    assert [x.code for x in said if isinstance(x, Refusal)] == ["load_running"]


def test_stores_of_a_column_are_added(dsn, tmp_path):
    text = SHOP.replace('id = { constant = "s1" }', 'id = "name"')
    file = "1 2026-03-01T10:00 7 TEA 1 2.00 north\n2 2026-03-01T10:00 7 TEA 1 2.00 south"
    report = loaded(dsn, write(tmp_path / "y.csv", table(file)), shop(text))
    assert report.posted_sales == 2
    stores = seen(dsn, "SELECT id, name, time_zone FROM warehouse.store ORDER BY id")
    assert stores == [("north", "north", "Europe/Rome"), ("south", "south", "Europe/Rome")]


def test_a_file_that_is_no_table_is_refused(dsn, tmp_path):
    (tmp_path / "y.csv").write_bytes(b"PAR1 and then nothing")
    (tmp_path / "z.csv").write_bytes(b'no,at,who,sku,n,price,name\n1,"' + b"x" * 2_000_000)

    async def go(name):
        async with opened(dsn, "EUR") as (house, who):
            return await load(house, who, tmp_path / name, shop())

    for name in ("y.csv", "z.csv", "none.csv"):
        refusal = run(go(name))
        assert isinstance(refusal, Refusal)
        assert refusal.code == "file_unreadable"


def test_more_members_than_one_turn_of_matching(dsn, tmp_path, monkeypatch):
    monkeypatch.setattr(returning, "MEMBERS", 2)
    lines = [f"{m} 2026-03-01T10:00 {m} TEA 2 1.00" for m in range(1, 8)]
    lines += [f"C{m} 2026-03-02T10:00 {m} TEA -1 1.00" for m in range(1, 8)]
    random.Random(2).shuffle(lines)
    report = loaded(dsn, write(tmp_path / "y.csv", table("\n".join(lines))), shop())
    assert (report.posted_sales, report.posted_returns) == (7, 7)
    assert set(balances(dsn).values()) == {(2, 0)}


def test_the_report_is_told_to_people_and_machines(dsn, tmp_path):
    report = loaded(dsn, write(tmp_path / "y.csv", rows()), shop())
    assert '"posted_sales":4' in as_json(report)
    assert as_table(report).row_count == 7
