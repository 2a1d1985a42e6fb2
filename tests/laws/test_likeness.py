"""The generated shop is like real ones: the figures beside theirs, and theirs measured again."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from statistics import StatisticsError
from typing import Any

import pyarrow.parquet
import pytest

from doors.docs_reading import ROOT, fenced
from support.loading import REALDATA, WHY_SKIPPED
from tessera.doors.cli.demo.build import Plan, story
from tessera.doors.cli.demo.likeness import (
    CDNOW,
    FIGURES,
    JOURNEY,
    RETAIL,
    X5,
    Figure,
    Purchase,
    measure,
    table,
)
from tessera.doors.cli.demo.shop import purchases

PLAN = Plan(date(2026, 5, 31))  # of docs/algorithms/demo.md
PAGE = ROOT / "docs/algorithms/demo.md"


@lru_cache
def generated(seed: int) -> dict[str, float]:
    return measure(purchases(story(Plan(PLAN.end, seed))))


# The generated shop ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_is_near_the_real_ones(name, seed):
    figure, found = FIGURES[name], generated(seed)[name]
    assert figure.fits(found), f"{figure.says}: {found:.3g}, not within {figure.factor}"
    assert figure.factor <= 1.5


def test_the_page_shows_these_figures():
    block = next(each for each in fenced(PAGE) if each.words == ("text", "figures"))
    head, *shown = block.text.splitlines()
    made = table(generated(PLAN.seed))
    assert head == made[0]
    for row, again in zip(shown, made[1:], strict=True):
        assert row[:40] == again[:40] and row[50:] == again[50:]
        assert float(row[40:49]) == pytest.approx(float(again[40:49]), rel=0.05)


def test_a_figure_far_off_is_marked():
    assert Figure("", {X5: 2.0, CDNOW: 3.0}, 1.1).fits(1.9)
    assert not Figure("", {X5: 2.0, CDNOW: 3.0}, 1.1).fits(3.4)
    rows = table({**generated(1), "once": 0.9})
    assert [row[:24] for row in rows if "!" in row] == ["members with one receipt"]


# What is measured --------------------------------------------------------------------------------


def bought(who: str, days: int, minor: int = 100, articles: str = "A", hour: int = 9) -> Purchase:
    at = datetime.combine(date(2026, 1, 5) + timedelta(days), time(hour))
    return Purchase(who, at, minor, list(articles))


def test_the_figures_of_a_shop_that_can_be_counted_by_hand():
    weekly = [bought("anna", 7 * n, articles="AB", minor=200) for n in range(13)]
    daily = [bought("bruno", n, hour=n % 2 + 9) for n in range(11)]
    found = measure([*weekly, *daily, bought("carla", 3, 1_000, "CDE")])
    assert found["once"] == 1 / 3
    assert found["gaps"] == 0, "clockwork"
    assert found["monthly"] == pytest.approx((30.44 + 30.44 / 7) / 2)
    assert found["lines"] == 2 and found["value"] == 1
    assert found["top"] == 0, "of three members no fifth"
    assert found["jaccard"] == found["again"] == 1
    assert found["own_weekday"] == pytest.approx((1 + 0.2) / 2)
    assert found["own_hour"] == pytest.approx((1 + 0.5) / 2)
    assert found["hours"] == 1 and found["hour"] == 20 / 25
    assert "december" not in found


def test_too_little_is_not_measured():
    with pytest.raises(StatisticsError):
        measure([])
    with pytest.raises(StatisticsError):
        measure([bought("anna", n) for n in range(5)])


# The real ones -----------------------------------------------------------------------------------


def rows(name: str, *columns: str) -> Iterator[tuple[Any, ...]]:
    read = pyarrow.parquet.read_table(REALDATA / name, columns=list(columns)).to_pydict()
    return zip(*(read[column] for column in columns), strict=True)


def x5() -> Iterator[Purchase]:
    articles: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    lines = rows("x5_loyalty/receipt_lines.parquet", "client_id", "txn_no", "product_id")
    for client, number, product in lines:
        articles[client, number].append(product)
    receipts = rows(
        "x5_loyalty/receipts.parquet", "client_id", "txn_no", "datetime", "purchase_sum"
    )
    for client, number, at, total in receipts:
        yield Purchase(client, at, total, articles[client, number])


def journey() -> Iterator[Purchase]:
    """A sample of lines: what is left of each basket."""
    baskets: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for basket, *line in rows(
        "complete_journey_1y/transactions_sample.parquet", "basket_id", "household_id",
        "transaction_timestamp", "sales_value", "product_id",
    ):  # fmt: skip
        baskets[basket].append(tuple(line))
    for lines in baskets.values():
        who, at = lines[0][:2]
        yield Purchase(who, at, sum(line[2] for line in lines), [line[3] for line in lines])


def retail() -> Iterator[Purchase]:
    """Sales with a price; what has no customer is there too."""
    invoices: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for invoice, *line in rows(
        "online_retail/online_retail_2010_12_to_2011_12.parquet",
        "invoice", "customer", "ts", "qty", "price", "sku",
    ):  # fmt: skip
        if not invoice.startswith("C") and line[2] > 0 and line[3] > 0:
            invoices[invoice].append(tuple(line))
    for lines in invoices.values():
        who, at = lines[0][:2]
        total = sum(line[2] * line[3] for line in lines)
        yield Purchase(str(who) if who else None, at, total, [line[4] for line in lines])


def cdnow() -> Iterator[Purchase]:
    """Days and sums; of the articles only how many."""
    columns = ("customer_id", "date", "cds", "amount")
    for who, on, count, amount in rows("cdnow/cdnow_sample.parquet", *columns):
        yield Purchase(str(who), datetime.combine(on, time()), amount, ["CD"] * count)


SETS: dict[str, Callable[[], Iterator[Purchase]]] = {
    X5: x5, JOURNEY: journey, RETAIL: retail, CDNOW: cdnow,
}  # fmt: skip


@pytest.mark.realdata
@pytest.mark.skipif(not REALDATA.exists(), reason=WHY_SKIPPED)
@pytest.mark.parametrize("name", SETS)
def test_the_real_sets_have_the_figures_that_are_written_down(name, capsys):
    found = measure(SETS[name]())
    for figure, (says, real, _) in FIGURES.items():
        if name in real:
            assert found[figure] == pytest.approx(real[name], abs=0.0006), says
    with capsys.disabled():
        sys.stdout.write(f"\n{name:<40}     real     shop   factor\n")
        for figure, (says, real, factor) in FIGURES.items():
            if name in real:
                both = f"{found[figure]:>9.3g}{generated(1)[figure]:>9.3g}"
                sys.stdout.write(f"{says:<40}{both}{factor:>9.2f}\n")
