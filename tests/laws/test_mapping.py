"""A mapping is precise about what is wrong; a file read by it loses no row, in whatever order."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.loading import HEADER, SHOP, shop, table
from tessera.base.refusal import Refusal
from tessera.doors.cli.load import cells, shelf
from tessera.doors.cli.load.blocks import Gathered, Row
from tessera.doors.cli.load.mapping import Mapping, lacking, parse, with_member_kind
from tessera.doors.cli.load.reading import Back, BackLine, Bad, Reader, Sale
from tessera.warehouse.core import Identifier

DAY = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = """77 2026-05-01T10:00 7 A 2 1
77 2026-05-02T10:00 7 A 1 1
C8 2026-05-02T11:00 7 A -1 1"""


# The mapping itself


def test_the_shipped_mappings_are_right():
    assert shelf.shipped() == ["online-retail", "plain", "x5"]
    for name in shelf.shipped():
        mapping = shelf.mapping_of(name)
        assert isinstance(mapping, Mapping)
        assert mapping.name == name


@pytest.mark.parametrize(
    ("old", "new", "field", "why"),
    [
        ('number = "no"', "", "receipt", "missing required field `number`"),
        ('number = "no"', "number = []", "receipt.number", "length >= 1"),
        ('number = "no"', 'nummer = "no"', "receipt", "unknown field `nummer`"),
        ('time = "at"', "time = 5", "receipt.time", "int"),
        ('zone = "Europe/Rome"', 'zone = "Rome"', "store.time_zone", "Rome is no time zone"),
        ('price = "price"', "", "line.price", "either `price` or `amount`"),
        ('price = "price"', 'price = "price"\namount = "x"', "line.price", "either"),
        ('"EUR"', '"euro"', "receipt.currency", "euro is no currency"),
        ('code = "adjustment"', 'code = "An adjustment"', "reject[0].code", "matching regex"),
        ("[line]", "[line", "", "not TOML"),
    ],
)
def test_a_wrong_mapping_is_refused_at_its_place(old, new, field, why):
    found = parse(SHOP.replace(old, new))
    assert isinstance(found, Refusal)
    assert (found.code, found.field) == ("mapping_wrong", field)
    assert why in found.why


def test_an_unknown_name_lists_the_known_ones():
    found = shelf.mapping_of("online_retail")
    assert isinstance(found, Refusal)
    assert "online-retail, plain, x5" in found.cure


def test_a_missing_column_is_named_with_those_that_are_there():
    assert lacking(shop(), HEADER) is None
    found = lacking(shop(), ("no", "at", "who"))
    assert isinstance(found, Refusal)
    assert (found.code, found.field) == ("column_missing", "line.sku")
    assert "no, at, who" in found.cure


def test_the_members_kind_may_be_another():
    mapping = with_member_kind(shop(), "card")
    assert isinstance(mapping, Mapping)
    sale = read("1 2026-03-01T10:00 7 A 1 2.50", mapping)
    assert isinstance(sale, Sale)
    assert sale.receipt.identifier == Identifier("card", "7")


# One receipt


def rows_of(text: str, mapping: Mapping | None = None) -> list[Row]:
    """Rows of the test's shop as `files` gives them: the first is line 2 of a CSV file."""
    columns = Reader(mapping or shop()).columns
    places = [HEADER.index(column) for column in columns]
    filled = [[*row, *[""] * (len(HEADER) - len(row))] for row in table(text)]
    return [Row(at, tuple(row[p] for p in places)) for at, row in enumerate(filled, 2)]


def read(text: str, mapping: Mapping | None = None) -> Sale | Back | Bad:
    reader = Reader(mapping or shop())
    rows = rows_of(text, mapping)
    return reader.read(Gathered(reader.number(rows[0].values), tuple(rows)))


def test_a_sale_is_read_in_whole_cents_on_the_shops_clock():
    sale = read("1 2026-03-01T00:30 7 A 2 2.545 Tea\n1 2026-03-01T00:29 7 B 1 0 -")
    assert isinstance(sale, Sale)
    said = sale.receipt
    assert [(x.sku, x.quantity, x.unit_minor, x.name) for x in said.lines] == [
        ("A", 2, 255, "Tea"),
        ("B", 1, 0, ""),
    ]
    assert said.total_minor == 510
    assert said.happened_at == datetime(2026, 2, 28, 23, 29, tzinfo=UTC)
    assert str(said.business_date) == "2026-03-01"
    assert (said.store, said.till, said.entry_mode) == ("s1", "t1", "import")


def test_no_member_is_nobody_and_a_prefix_is_a_return():
    back = read("C9 2026-03-01T10:00 - A -3 2.50")
    assert isinstance(back, Back)
    assert back.member is None
    assert back.lines == (BackLine(2, "A", 3, 250),)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("A1 2026-03-01T10:00 - A 1 2.50", [(2, "adjustment", "no")]),
        ("1 2026-03-01T10:00 - A -1 0\n1 2026-03-01T10:00 - B -2 0",
         [(2, "negative_quantity", "n"), (3, "negative_quantity", "n")]),
        ("C1 2026-03-01T10:00 - A 1 1", [(2, "positive_quantity", "n")]),
        ("1 2026-03-01T10:00 - A 0 1", [(2, "zero_quantity", "n")]),
        ("1 2026-03-01T10:00 - A 1.5 1", [(2, "not_a_quantity", "n")]),
        ("1 2026-03-01T10:00 - A many 1", [(2, "not_a_quantity", "n")]),
        ("1 2026-03-01T10:00 - A 1e12 1", [(2, "quantity_too_large", "n")]),
        ("1 2026-03-01T10:00 - A 1 -0.001", [(2, "negative_price", "price")]),
        ("1 2026-03-01T10:00 - A 1 1e19", [(2, "price_too_large", "price")]),
        ("1 2026-03-01T10:00 - A 1 1e999999999", [(2, "not_an_amount", "price")]),
        ("1 2026-03-01T10:00 - A 1 NaN", [(2, "not_an_amount", "price")]),
        ("1 2026-03-01T10:00 - A 1 -", [(2, "not_an_amount", "price")]),
        ("1 2026-03-01T10:00 - - 1 1", [(2, "value_missing", "sku")]),
        ("1 2026-03-01T10:00 - " + "A" * 33 + " 1 1", [(2, "word_unfit", "sku")]),
        ("1 2026-03-01T10:00 - A\udc80 1 1", [(2, "word_unfit", "sku")]),
        ("- 2026-03-01T10:00 - A 1 1", [(2, "value_missing", "no")]),
        ("1 yesterday - A 1 1", [(2, "not_a_time", "at")]),
        ("1 0001-01-01T00:00 - A 1 1", [(2, "not_a_time", "at")]),
        ("1 2026-03-01T10:00 a_b A 1 1", [(2, "word_unfit", "who")]),
        ("1 2026-03-01T10:00 7 A 1 1\n1 2026-03-01T10:00 8 A 1 1", [(3, "rows_disagree", "who")]),
        ("1 2026-03-01T10:00 7 A 1 1\n1 2026-03-02T10:00 7 A 1 1", [(3, "rows_disagree", "at")]),
        ("1 2026-03-01T23:59 7 A 1 1\n1 2026-03-02T00:01 7 A 1 1", [(3, "rows_disagree", "at")]),
        ("1 2026-03-01T08:00 7 A 1 1\n1 2026-03-01T20:01 7 A 1 1", [(3, "rows_disagree", "at")]),
        ("1 2026-03-01T10:00 7 A 1000000000 10000000000", [(2, "total_too_large", "")]),
    ],
)  # fmt: skip
def test_what_cannot_be_posted_says_row_code_and_column(text, faults):
    bad = read(text)
    assert isinstance(bad, Bad)
    assert [(f.row, f.code, f.field) for f in bad.faults] == faults
    assert len(bad.record["rows"]) == len(text.splitlines())


def test_a_number_that_comes_again_on_another_day_is_told_with_its_cure():
    bad = read("78 2026-05-01T10:00 7 A 1 1\n78 2026-05-02T09:00 7 A 1 1")
    assert isinstance(bad, Bad)
    why = bad.faults[0].why
    assert why.startswith("2026-05-02 09:00 here, 2026-05-01 10:00 in row 2 of the same number; ")
    assert 'number_restarts = "daily"' in why


def test_where_numbers_restart_daily_the_day_tells_them_apart_and_the_number_stays():
    daily = shop(SHOP.replace('number = "no"', 'number = "no"\nnumber_restarts = "daily"'))
    reader = Reader(daily)
    told = {reader.number(row.values) for row in rows_of(DAYS, daily)}
    assert told == {"77 2026-05-01", "77 2026-05-02", "C8 2026-05-02"}
    places = [reader.columns.index(column) for column in reader.number_columns]
    cells = [tuple(row.values[p] for p in places) for row in rows_of(DAYS, daily)]
    assert {reader.numbered(some) for some in cells} == told
    sale, back = read(DAYS.splitlines()[0], daily), read(DAYS.splitlines()[2], daily)
    assert isinstance(sale, Sale)
    assert isinstance(back, Back)
    assert sale.receipt.number == "77"
    assert (back.number, back.key) == ("C8", "C8 2026-05-02")


def test_a_receipt_without_number_and_one_too_long_are_told_apart_by_their_rows():
    for number in ("-", "9" * 500, "\udc80", "a\0b"):
        bad = read(f"{number} 2026-03-01T10:00 - A 1 1")
        assert isinstance(bad, Bad)
        assert bad.number.endswith("row 2")
        assert len(bad.number) < 100
        assert "\0" not in bad.number + str(bad.record)
        bad.number.encode()


def test_a_total_alone_and_an_amount_for_several_units_lose_nothing():
    text = SHOP.replace('price = "price"', 'amount = "price"')
    sale = read("1 2026-03-01T10:00 - A 3 10.00", shop(text))
    assert isinstance(sale, Sale)
    assert [(x.quantity, x.unit_minor) for x in sale.receipt.lines] == [(2, 333), (1, 334)]
    assert sale.receipt.total_minor == 1000


def test_weighed_goods_are_grams():
    sale = read(
        "1 2026-03-01T10:00 - A 0.345 7.90", shop(SHOP.replace("[line]", '[line]\nunit="g"'))
    )
    assert isinstance(sale, Sale)
    assert (sale.receipt.lines[0].quantity, sale.receipt.total_minor) == (345, 273)


def test_a_receipt_of_negative_quantities_may_be_a_return():
    mapping = shop(SHOP.replace('number_prefix = "C"', "all_negative = true"))
    back = read("1 2026-03-01T10:00 - A -1 5\n1 2026-03-01T10:00 - B -2 5", mapping)
    assert isinstance(back, Back)
    assert [line.quantity for line in back.lines] == [1, 2]
    mixed_signs = read("1 2026-03-01T10:00 - A -1 5\n1 2026-03-01T10:00 - B 2 5", mapping)
    assert isinstance(mixed_signs, Bad)


@given(st.decimals(0, 10**7, places=3), st.integers(1, 1000))
def test_an_amount_is_shared_over_its_units_to_the_cent(major, units):
    minor = int(major * 100)
    shares = cells.shared(minor, units)
    assert sum(n for n, _ in shares) == units
    assert sum(n * each for n, each in shares) == minor
    assert len(shares) <= 2


@given(st.floats(0, 10**9))
def test_a_float_of_parquet_is_read_as_it_is_written(number):
    found = cells.decimal(number, ".")
    assert found is None or found == Decimal(repr(number))


def test_a_decimal_comma_and_a_whole_number_that_was_a_float():
    assert cells.decimal("2,55", ",") == Decimal("2.55")
    assert [cells.whole(word) for word in ("17850.0", "17850", "a.0", "1.5")] == [
        "17850",
        "17850",
        "a.0",
        "1.5",
    ]
