"""A real shop's year goes through the house; the figures are those of the data's own README."""

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pyarrow.parquet
import pytest

from support import database
from support.loading import ONLINE_RETAIL, WHY_SKIPPED, X5, balances, loaded, mixed, seen
from tessera.doors.cli.load import files, shelf
from tessera.doors.cli.load.blocks import Row, gather, repeated
from tessera.doors.cli.load.mapping import Mapping
from tessera.doors.cli.load.reading import Back, Bad, Reader, Sale

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not ONLINE_RETAIL.exists(), reason=WHY_SKIPPED),
]


def whole_file(path, name):
    mapping = shelf.mapping_of(name)
    assert isinstance(mapping, Mapping)
    source = files.open_source(path, mapping.file)
    assert isinstance(source, files.Source)
    reader = Reader(mapping)
    return reader, list(source.rows(reader.columns))


def results_of(reader, rows):
    expected = repeated(reader.number(row.values) for row in rows)
    return [reader.read(one) for one in gather(rows, reader.number, reader.time, expected)]


@pytest.mark.slow
def test_a_year_of_online_retail_is_read_to_the_last_line():
    reader, rows = whole_file(ONLINE_RETAIL, "online-retail")
    results = results_of(reader, rows)
    assert len(results) == 25_900
    assert Counter(type(x).__name__ for x in results) == {
        "Sale": 20_725,
        "Back": 3_836,
        "Bad": 1_339,
    }
    codes = Counter(x.faults[0].code for x in results if isinstance(x, Bad))
    assert codes == {"negative_quantity": 1_336, "adjustment": 3}
    assert sum(len(x.lines) for x in results if isinstance(x, Back)) == 9_288
    sales = [x.receipt for x in results if isinstance(x, Sale)]
    assert sum(len(x.lines) for x in sales) + 9_288 + 1_336 + 3 == len(rows) == 541_909
    named = [x for x in sales if x.identifier is not None]
    assert sum(x.total_minor for x in named) == 891_140_790


@pytest.mark.slow
def test_online_retail_shuffled_with_duplicates_holds_the_same_receipts():
    reader, rows = whole_file(ONLINE_RETAIL, "online-retail")

    def kept(some):
        expected = repeated(reader.number(row.values) for row in some)
        every = gather(some, reader.number, reader.time, expected)
        return {one.number: Counter(row.values for row in one.rows) for one in every}

    receipts: dict[str, list[Row]] = {}
    for row in rows:
        receipts.setdefault(reader.number(row.values), []).append(row)
    shuffled = [row for receipt in mixed(list(receipts.values()), seed=1) for row in receipt]
    assert len(shuffled) > len(rows)
    assert kept(shuffled) == kept(rows)


def test_x5_is_read_by_its_totals():
    reader, rows = whole_file(X5, "x5")
    random.Random(1).shuffle(rows)
    sales = [x.receipt for x in results_of(reader, rows) if isinstance(x, Sale)]
    assert len(sales) == len(rows) == 1_226
    assert len({x.identifier for x in sales}) == 71
    assert {line.sku for x in sales for line in x.lines} == {"TOTAL"}


# The whole way, through the writer


def mapping_of(name: str) -> Mapping:
    mapping = shelf.mapping_of(name)
    assert isinstance(mapping, Mapping)
    return mapping


def shuffled_file(place: Path, seed: int) -> Path:
    """The year with its invoices in another order, one of ten twice."""
    year = pyarrow.parquet.read_table(ONLINE_RETAIL)
    invoices: dict[str, list[int]] = {}
    for row, number in enumerate(year.column("invoice").to_pylist()):
        invoices.setdefault(number, []).append(row)
    order: Sequence[int] = [row for some in mixed(list(invoices.values()), seed) for row in some]
    pyarrow.parquet.write_table(year.take(order), place / "shuffled.parquet")
    return place / "shuffled.parquet"


def test_x5_goes_through_the_writer(dsn):
    report = loaded(dsn, X5, mapping_of("x5"), "RUB")
    assert (report.receipts, report.posted_sales, report.quarantined) == (1_226, 1_226, {})
    assert len(balances(dsn)) == 71
    assert seen(dsn, "SELECT count(*) FROM warehouse.store") == [(167,)]


@pytest.mark.faults
@pytest.mark.slow
def test_the_year_and_the_year_again(dsn):
    """The first bar of the spine: every invoice is accounted for."""
    report = loaded(dsn, ONLINE_RETAIL, mapping_of("online-retail"), "GBP")
    assert report.receipts == 25_900
    assert report.posted_sales == 20_725
    assert report.quarantined["negative_quantity"] == 1_336
    assert report.quarantined["adjustment"] == 3
    assert report.posted_returns + sum(report.quarantined.values()) == 25_900 - 20_725
    assert seen(dsn, UNSOLD) == [(1_306,)]
    assert seen(dsn, ANONYMOUS) == [(0,)]
    first = balances(dsn)
    assert len(first) == 4_372

    again = loaded(dsn, ONLINE_RETAIL, mapping_of("online-retail"), "GBP")
    assert again.loaded_before
    assert balances(dsn) == first
    assert seen(dsn, "SELECT count(*) FROM checkout.receipt WHERE kind = 'sale'") == [(20_725,)]


@pytest.mark.faults_long
def test_the_year_shuffled_with_duplicates_is_the_same_year(dsn, other_dsn, tmp_path):
    report = loaded(dsn, ONLINE_RETAIL, mapping_of("online-retail"), "GBP")
    shuffled = loaded(other_dsn, shuffled_file(tmp_path, 1), mapping_of("online-retail"), "GBP")
    assert shuffled.repeated_rows > 50_000
    assert (shuffled.receipts, shuffled.quarantined) == (25_900, report.quarantined)
    assert balances(other_dsn) == balances(dsn)


# Lines of the quarantine that were never sold to their customer.
UNSOLD = """
SELECT count(*) FROM warehouse.quarantine AS q, jsonb_array_elements(q.record -> 'faults') AS f
WHERE f ->> 'code' = 'no_earlier_sale' AND q.record #>> '{rows,0,customer}' <> ''
"""
# Receipts that lost their customer, or won one: sales with a customer are 18,536 in the file.
ANONYMOUS = """
SELECT count(*) FILTER (WHERE member_id IS NOT NULL) - 18536 FROM checkout.receipt
WHERE kind = 'sale'
"""


@pytest.fixture
def other_dsn(server, template):
    """A second empty database."""
    name = f"tessera_test_{uuid4().hex[:12]}"
    database.make(server, name, template)
    yield database.at(server, name)
    database.drop(server, name)
