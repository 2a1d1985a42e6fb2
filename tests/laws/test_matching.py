"""Goods that come back find their sales: no unit twice, and no order of arrival matters."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tessera.doors.cli.load.matching import Matched, Offer, Unmatched, match
from tessera.doors.cli.load.reading import Back, BackLine
from tessera.warehouse.core import ReceiptKey

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def offer(number, sku, units, cents, day=0, line=1):
    key = ReceiptKey("s1", "t1", DAY.date(), "", number)
    return Offer(key, DAY + timedelta(days=day), line, sku, "piece", cents, units)


def back(number, *lines, day=10):
    said = tuple(BackLine(2 + i, sku, n, cents) for i, (sku, n, cents) in enumerate(lines))
    at = DAY + timedelta(days=day)
    return Back(number, "s1", "t1", at.date(), at, None, said)


def told(result):
    assert isinstance(result, Matched), result
    return [
        (r.number, r.sale.number, [(x.line, x.quantity) for x in r.named()]) for r in result.returns
    ]


def test_the_latest_earlier_sale_of_the_same_price_comes_first():
    shelf = [offer("1", "A", 5, 250), offer("2", "A", 5, 250, 2), offer("3", "A", 5, 300, 3)]
    (result,) = match([back("C1", ("A", 2, 250))], shelf)
    assert told(result) == [("C1", "2", [(1, 2)])]


def test_a_return_of_several_sales_is_one_return_for_each():
    shelf = [offer("1", "A", 2, 250), offer("2", "A", 2, 250, 2), offer("2", "B", 1, 100, 2, 2)]
    (result,) = match([back("C1", ("A", 3, 250), ("B", 1, 100))], shelf)
    assert told(result) == [("C1/1", "1", [(1, 1)]), ("C1/2", "2", [(1, 2), (2, 1)])]


def test_a_return_takes_all_or_nothing_and_earlier_returns_come_first():
    shelf = [offer("1", "A", 2, 250)]
    early, late = back("C2", ("A", 1, 250), day=5), back("C1", ("A", 2, 250), day=6)
    first, second = match([late, early], shelf)
    assert told(first) == [("C2", "1", [(1, 1)])]
    assert isinstance(second, Unmatched)
    assert [(f.row, f.code) for f in second.faults] == [(2, "more_than_sold")]
    assert shelf[0].left == 1


def test_what_was_never_sold_or_only_later_has_no_earlier_sale():
    (result,) = match([back("C1", ("A", 1, 5), ("B", 1, 5))], [offer("1", "A", 1, 5, 11)])
    assert isinstance(result, Unmatched)
    assert [(f.row, f.code) for f in result.faults] == [
        (2, "no_earlier_sale"),
        (3, "no_earlier_sale"),
    ]


def test_a_return_of_nobody_needs_the_same_price():
    (result,) = match([back("C1", ("A", 1, 5))], [offer("1", "A", 1, 6)], exact=True)
    assert isinstance(result, Unmatched)


WISH = st.tuples(st.sampled_from("AB"), st.integers(1, 4), st.sampled_from([100, 200]))


@given(
    st.lists(st.tuples(WISH, st.integers(0, 9)), max_size=8),
    st.lists(st.tuples(st.lists(WISH, min_size=1, max_size=3), st.integers(0, 12)), max_size=8),
    st.randoms(use_true_random=False),
)
def test_matching_takes_no_unit_twice_and_knows_no_order_of_arrival(sold, wanted, chance):
    def shelf():
        return [offer(str(i), sku, n, cents, day) for i, ((sku, n, cents), day) in enumerate(sold)]

    backs = [back(f"C{i}", *lines, day=day) for i, (lines, day) in enumerate(wanted)]
    offers = shelf()
    results = match(backs, offers)
    others = shelf()
    chance.shuffle(others)
    chance.shuffle(backs)
    assert match(backs, others) == results
    taken: Counter[str] = Counter()
    for result in results:
        if isinstance(result, Matched):
            asked = sum(line.quantity for line in result.back.lines)
            assert asked == sum(x.quantity for r in result.returns for x in r.named())
            for part in result.returns:
                taken[part.sale.number] += sum(x.quantity for x in part.named())
    for one in shelf():
        assert taken[one.sale.number] <= one.left
    assert all(one.left >= 0 for one in offers)
