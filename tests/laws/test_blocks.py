"""Rows in any order, receipts said twice: the same receipts, and no row is lost."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from support.loading import HEADER, shop
from tessera.doors.cli.load.blocks import Row, gather, repeated
from tessera.doors.cli.load.reading import Bad, Reader, Sale

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def when(values):
    return DAY + timedelta(minutes=values[1])


def gathered(rows, bits=16):
    """{number: how often it has each row}, and how many rows were left out."""
    found = list(
        gather(rows, lambda v: v[0], when, repeated((row.values[0] for row in rows), bits))
    )
    numbers = Counter(one.number for one in found)
    assert set(numbers.values()) <= {1}
    kept = {one.number: Counter(row.values for row in one.rows) for one in found}
    return kept, sum(one.repeated for one in found)


def numbered(values):
    return [Row(at, value) for at, value in enumerate(values, 1)]


@st.composite
def receipts(draw):
    """Receipts of several rows, not all of them alike."""
    made = []
    for number in range(draw(st.integers(1, 12))):
        skus = draw(
            st.lists(st.integers(0, 5), min_size=2, max_size=6).filter(lambda x: len(set(x)) > 1)
        )
        skus.append(9)  # once: so that no receipt looks like another said twice
        made.append([(str(number), draw(st.integers(0, 3)), sku) for sku in skus])
    return made


@given(receipts(), st.randoms(use_true_random=False))
def test_any_order_of_receipts_with_duplicates_is_the_same_file(made, chance):
    straight, none = gathered(numbered([row for receipt in made for row in receipt]))
    assert none == 0
    twice = [*made, *chance.sample(made, len(made) // 2)]
    chance.shuffle(twice)
    shuffled, repeated_rows = gathered(numbered([row for receipt in twice for row in receipt]))
    assert shuffled == straight
    assert repeated_rows == sum(map(len, twice)) - sum(map(len, made))


@given(receipts(), st.randoms(use_true_random=False))
def test_any_order_of_rows_is_the_same_file(made, chance):
    straight, _ = gathered(numbered([row for receipt in made for row in receipt]))
    rows = [row for receipt in made for row in receipt]
    chance.shuffle(rows)
    assert gathered(numbered(rows)) == (straight, 0)


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.integers(0, 2)), max_size=40)
)
def test_no_row_is_lost(values):
    rows = numbered(values)
    kept, left_out = gathered(rows)
    assert sum(sum(counts.values()) for counts in kept.values()) + left_out == len(rows)
    assert {row for counts in kept.values() for row in counts} == set(values)


@given(receipts())
def test_a_filter_that_is_too_small_only_costs_time(made):
    rows = numbered([row for receipt in made for row in receipt])
    assert gathered(rows, bits=3) == gathered(rows)


def test_pieces_are_joined_and_a_piece_said_twice_counts_once():
    p1, p2 = [("n", 1, 1), ("n", 1, 2)], [("n", 2, 3)]
    other = [("m", 1, 1)]
    whole = {"n": Counter([*p1, *p2]), "m": Counter(other)}
    assert gathered(numbered([*p1, *other, *p2])) == (whole, 0)
    assert gathered(numbered([*p2, *other, *p1])) == (whole, 0)
    third = [("o", 1, 1)]
    rows = numbered([*p1, *other, *p2, *third, *p1])
    assert gathered(rows) == ({**whole, "o": Counter(third)}, 2)


def test_two_equal_lines_in_one_block_are_two_lines():
    same = [("n", 1, 1), ("n", 1, 1)]
    assert gathered(numbered(same)) == ({"n": Counter(same)}, 0)
    apart = [*same, ("m", 1, 1), *same]
    assert gathered(numbered(apart)) == ({"n": Counter(same), "m": Counter(apart[2:3])}, 2)


def test_a_receipt_right_after_itself_counts_once():
    once = [("n", 1, 1), ("n", 1, 2)]
    assert gathered(numbered([*once, *once])) == ({"n": Counter(once)}, 2)


CELL = st.text(st.characters(codec=None), max_size=6) | st.sampled_from(
    ["1", "2", "C1", "A1", "-3", "2.5", "2026-03-01T10:00", "NaN", "1e30", ""]
)


@given(st.lists(st.tuples(*[CELL] * len(HEADER)), max_size=15))
def test_every_row_ends_in_a_receipt_or_in_quarantine(rows):
    reader = Reader(shop())
    given_rows = [Row(at, row) for at, row in enumerate(rows, 2)]
    expected = repeated((reader.number(row.values) for row in given_rows), 16)
    ends = 0
    for one in gather(given_rows, reader.number, reader.time, expected):
        result = reader.read(one)
        if isinstance(result, Bad):
            assert result.faults
            ends += len(result.record["rows"])
        else:
            lines = result.receipt.lines if isinstance(result, Sale) else result.lines
            ends += len(lines)
        ends += one.repeated
    assert ends == len(rows)
