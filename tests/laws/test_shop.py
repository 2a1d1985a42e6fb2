"""The generated shop keeps its promises: whatever the seed, its receipts are a real shop's."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tessera.doors.cli.demo import people
from tessera.doors.cli.demo.basket import FREE_DELIVERY_MINOR
from tessera.doors.cli.demo.catalogue import DELIVERY, DEPOSIT, products
from tessera.doors.cli.demo.feed import affordable
from tessera.doors.cli.demo.shop import CURRENCY, STORES, Registered, shop
from tessera.members.core import card_number
from tessera.warehouse.core import Receipt, ReceiptKey, Return, Spend, faults

END = date(2026, 5, 31)
KNOWN = {product.sku: product for product in products()}


def told(seed=7, members=300, receipts=9_000, days=730, end=END):
    cards = [card_number("29", serial) for serial in range(members)]
    return list(shop(Random(seed), end, cards, receipts, days))


def key_of(sale):
    return ReceiptKey(sale.store, sale.till, sale.business_date, sale.shift, sale.number)


def when(event):
    return event.at if isinstance(event, Registered) else event.happened_at


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


@pytest.fixture(scope="module")
def two_years():
    return told()


seeds = st.integers(0, 2**32)
few = settings(max_examples=25, deadline=None)


def test_the_same_seed_tells_the_same_story_and_another_one_another(two_years):
    assert told() == two_years
    assert told(seed=8) != two_years


@few
@given(seeds, st.integers(1, 30), st.integers(1, 300), st.integers(1, 900))
def test_any_size_adds_up(seed, members, receipts, days):
    events = told(seed, members, receipts, days)
    sales = of(Receipt, events)
    assert len(sales) == receipts
    for sale in sales:
        assert faults(sale, CURRENCY, 0) is None
        assert sale.total_minor > 0
        first = END - timedelta(days=days - 1)
        assert first <= sale.business_date <= END
        assert sale.business_date == sale.happened_at.date()


@few
@given(seeds)
def test_time_never_goes_back(seed):
    events = told(seed, 40, 900)
    assert all(when(a) <= when(b) for a, b in pairwise(events))


@few
@given(seeds)
def test_a_receipt_is_there_once_and_tills_count_without_gaps(seed):
    posted = of(Receipt | Return, told(seed, 40, 900))
    keys = [key_of(event) for event in posted]
    assert len(set(keys)) == len(keys)
    seen: Counter[tuple[str, str, date]] = Counter()
    for key in keys:
        till = (key.store, key.till, key.business_date)
        seen[till] += 1
        assert int(key.number) == seen[till]


@few
@given(seeds)
def test_no_more_comes_back_than_was_sold(seed):
    kept = {}
    for event in of(Receipt | Return, told(seed, 40, 3_000)):
        if isinstance(event, Receipt):
            kept[key_of(event)] = [line.quantity for line in event.lines]
            continue
        left = kept[event.sale]  # KeyError: a return before its sale
        assert any(left), "something is left to come back"
        for back in event.lines:
            left[back.line - 1] -= back.quantity
            assert left[back.line - 1] >= 0
        if not event.lines:
            kept[event.sale] = [0] * len(left)


def test_a_card_registers_once_and_before_it_buys(two_years):
    registered: set[str] = set()
    bought: set[str] = set()
    for event in two_years:
        if isinstance(event, Registered):
            assert event.card not in registered | bought
            assert event.born_on.year <= when(event).year - 17
            registered.add(event.card)
        elif isinstance(event, Receipt) and event.card:
            bought.add(event.card)
            if event.spend:
                assert event.card in registered
    shadows = {card_number("29", serial) for serial in range(300)} - registered
    assert len(shadows) == 30 and shadows & bought
    assert len({event.email for event in of(Registered, two_years)}) == 270


def test_the_shares_are_as_promised():
    events = told(members=2_000, receipts=60_000)
    sales, backs = of(Receipt, events), of(Return, events)
    anonymous = sum(sale.card is None for sale in sales)
    assert 0.12 < anonymous / len(sales) < 0.18
    assert 0.025 < len({back.sale for back in backs}) / len(sales) < 0.035
    assert 0.2 < sum(not back.lines for back in backs) / len(backs) < 0.6
    assert 0.01 < sum(sale.spend is not None for sale in sales) / len(sales) < 0.1
    assert {sale.entry_mode for sale in sales} == {"scan", "typed", "app", "online"}
    office = [s for s in sales if any(x.sku == "CORNETTO" and x.quantity >= 6 for x in s.lines)]
    assert len(office) > 300, "the sixth cornetto is free sometimes"
    visits = Counter(sale.card for sale in sales if sale.card)
    assert max(visits.values()) > 10 * sorted(visits.values())[len(visits) // 2]
    months = Counter(sale.business_date.strftime("%Y-%m") for sale in sales)
    assert months["2025-12"] > 1.5 * months["2025-08"] and months["2026-05"] > months["2024-06"]


def test_lines_are_the_catalogue_and_bottles_carry_their_deposit(two_years):
    for sale in of(Receipt, two_years):
        skus = [line.sku for line in sale.lines]
        assert len(set(skus)) == len(skus)
        assert all(line.unit_minor == KNOWN[line.sku].price_minor for line in sale.lines)
        bottles = sum(line.quantity for line in sale.lines if KNOWN[line.sku].deposit)
        online = sale.store == STORES[2].id
        deposits = sum(line.quantity for line in sale.lines if line.sku == DEPOSIT.sku)
        assert deposits == (0 if online else bottles)
        goods = sum(line.total() for line in sale.lines if line.sku != DELIVERY.sku)
        assert (DELIVERY.sku in skus) == (online and goods < FREE_DELIVERY_MINOR)
        assert sale.card_scan_offset is None or sale.card_scan_offset <= len(sale.lines)


def test_the_shop_is_open_when_it_sells(two_years):
    for sale in of(Receipt, two_years):
        first, last = (6, 23) if sale.store == STORES[2].id else (7, 20)
        assert first <= sale.happened_at.hour < last
        assert (sale.cashier_id == "") == (sale.store == STORES[2].id)


def test_the_catalogue_is_a_real_one():
    found = products()
    assert len({product.sku for product in found}) == len(found) == 121
    assert {product.unit for product in found} == {"piece", "g"}
    assert {product.kind for product in found} == {"goods", "deposit", "delivery", "gift_card"}


def test_names_make_addresses_that_are_plain_and_unique():
    chance = Random(1)
    made = [people.email(*people.name(chance), serial) for serial in range(500)]
    assert len(set(made)) == 500
    assert all(address.isascii() and " " not in address and "'" not in address for address in made)


@pytest.mark.parametrize(
    ("wish", "available", "spent"),
    [(500, 1_000, 500), (500, 450, 400), (500, 100, 100), (500, 99, None), (500, -20, None)],
)
def test_a_member_spends_whole_hundreds_of_what_is_there(wish, available, spent, two_years):
    sale = next(sale for sale in of(Receipt, two_years) if sale.spend)
    given = affordable(replace(sale, spend=Spend(wish)), available)
    assert (given.spend.points if given.spend else None) == spent
    assert given.lines == sale.lines
