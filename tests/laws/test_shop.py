"""The generated shop keeps its promises: whatever the seed, its receipts are a real shop's."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from random import Random
from statistics import fmean, median, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tessera.checkout.core import Event
from tessera.doors.cli.demo import people
from tessera.doors.cli.demo.basket import FREE_DELIVERY_MINOR
from tessera.doors.cli.demo.bottega import program_text
from tessera.doors.cli.demo.build import Plan, crowd_of, planned_cards, story
from tessera.doors.cli.demo.catalogue import DELIVERY, DEPOSIT, products
from tessera.doors.cli.demo.chain import CURRENCY, ONLINE, stores, tills
from tessera.doors.cli.demo.feed import affordable
from tessera.doors.cli.demo.members import card_counts, member
from tessera.doors.cli.demo.shop import Registered, Returned, _Telling, expected
from tessera.members.core import card_number
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics
from tessera.warehouse.core import Receipt, ReceiptKey, Spend, faults

END = date(2026, 5, 31)
KNOWN = {product.sku: product for product in products()}
WEB = stores(1)[ONLINE].id
PROGRAM = program_text(Reader(mechanics.shelf(), conditions.shelf())).edition.program

seeds = st.integers(0, 2**31)
few = settings(max_examples=15, deadline=None)


def told(seed=1, members=300, days=730, end=END):
    return list(story(Plan(end, seed, members, days)))


@lru_cache
def two_years():
    return told()


@lru_cache
def of_everybody():
    """{card: the member}, of the shop of `two_years`."""
    plan = Plan(END, members=300)
    batches = {batch.label: batch for batch in planned_cards(plan, when(two_years()[0]))}
    found = {}
    for who in range(plan.members):
        one = member(crowd_of(plan), who)
        batch = batches[one.label]
        found[card_number(batch.prefix, batch.first + one.serial)] = one
    return found


def visits(events):
    """{card: its receipts}"""
    found = defaultdict(list)
    for sale in of(Receipt, events):
        if sale.card:
            found[sale.card].append(sale)
    return found


def key_of(posted):
    day = posted.business_date
    return ReceiptKey(posted.store, posted.till, day, posted.shift, posted.number)


def when(event):
    if isinstance(event, Returned):
        return event.what.happened_at
    return event.at if isinstance(event, Registered) else event.happened_at


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def posted(events):
    return [event.what if isinstance(event, Returned) else event
            for event in of(Receipt | Returned, events)]  # fmt: skip


# Any shop ----------------------------------------------------------------------------------------


def test_the_same_seed_tells_the_same_story_and_another_one_another():
    assert told() == two_years()
    assert told(seed=8) != two_years()


@few
@given(seeds, st.integers(1, 60), st.integers(1, 500))
def test_any_size_adds_up(seed, members, days):
    for sale in of(Receipt, told(seed, members, days)):
        assert faults(sale, CURRENCY, 0) is None
        assert sale.total_minor > 0
        assert sum(paid.minor for paid in sale.payments) == sale.total_minor
        assert END - timedelta(days=days - 1) <= sale.business_date <= END
        assert sale.business_date == sale.happened_at.date()


@few
@given(seeds)
def test_time_never_goes_back(seed):
    events = told(seed, 40, 400)
    assert all(when(a) <= when(b) for a, b in pairwise(events))


@few
@given(seeds)
def test_a_receipt_is_there_once_and_tills_count_without_gaps(seed):
    keys = [key_of(each) for each in posted(told(seed, 40, 400))]
    assert len(set(keys)) == len(keys)
    seen: Counter[tuple[str, str, date]] = Counter()
    for key in keys:
        till = (key.store, key.till, key.business_date)
        seen[till] += 1
        assert int(key.number) == seen[till]


@few
@given(seeds)
def test_no_more_comes_back_than_was_sold(seed):
    kept, cards = {}, {}
    for event in told(seed, 60, 400):
        if isinstance(event, Receipt):
            kept[key_of(event)] = [line.quantity for line in event.lines]
            cards[key_of(event)] = event.card
        if not isinstance(event, Returned):
            continue
        back = event.what
        left = kept[back.sale]  # KeyError: a return before its sale
        assert event.card == cards[back.sale]
        assert any(left), "something is left to come back"
        for line in back.named():
            left[line.line - 1] -= line.quantity
            assert left[line.line - 1] >= 0
        if not back.lines:
            kept[back.sale] = [0] * len(left)


@few
@given(seeds)
def test_a_card_registers_once_and_spends_only_then(seed):
    registered: set[str] = set()
    for event in told(seed, 60, 400):
        if isinstance(event, Registered):
            assert event.card not in registered
            assert event.born_on is None or event.born_on.year <= when(event).year - 7
            registered.add(event.card)
        elif isinstance(event, Receipt) and event.spend:
            assert event.card in registered


def test_what_is_told_fits_the_program():
    for event in two_years():
        if isinstance(event, Event):
            assert PROGRAM.events[event.type].fault(event.data) is None
            assert event.card and event.store
        elif isinstance(event, Registered):
            for name, value in event.attributes.items():
                assert PROGRAM.attributes[name].fault(value) == ""
            shelves = {product.category for product in products()}
            assert all(each in KNOWN or each in shelves for each in event.favourites)
    ids = [event.id for event in of(Event, two_years())]
    assert len(set(ids)) == len(ids) > 300


def test_a_story_is_told_day_by_day():
    """What is kept of the future grows with the members, not with the years."""
    kept = []
    for days in (365, 1_460):
        telling = _Telling(crowd_of(Plan(END, members=300, days=days)), lambda *_: "29")
        most = 0
        for _ in islice(telling.events(), None):
            most = max(most, len(telling.things) + sum(map(len, telling.pages.values())))
        kept.append(most)
    assert kept[1] < 1.3 * kept[0]


# Its members -------------------------------------------------------------------------------------


def test_everybody_has_a_rhythm_of_their_own():
    own = of_everybody()
    gaps = {}
    for card, sales in visits(two_years()).items():
        days = sorted({sale.business_date for sale in sales})
        if len(days) > 12:
            gaps[card] = [(b - a).days for a, b in pairwise(days)]
    means = {card: fmean(each) for card, each in gaps.items()}
    assert max(means.values()) > 8 * min(means.values())
    for card, mean in means.items():  # the one that was drawn, holidays and August aside
        assert mean < 2.2 * max(own[card].gap_d, 1)
    uneven = {card: stdev(each) / fmean(each) for card, each in gaps.items()}
    like_clockwork = [uneven[card] for card in uneven if own[card].regularity > 2.5]
    by_chance = [uneven[card] for card in uneven if own[card].regularity < 1.2]
    assert median(like_clockwork) < 0.75 * median(by_chance)


def test_members_join_lapse_and_come_back():
    own, theirs = of_everybody(), visits(two_years())
    first = END - timedelta(days=729)
    joined = [registered.at.date() for registered in of(Registered, two_years())]
    assert min(joined) < first - timedelta(days=2_000)
    assert sum(day >= first for day in joined) > 120
    seen = [sales[-1].business_date for sales in theirs.values()]
    assert sum(day < END - timedelta(days=180) for day in seen) > len(seen) // 5
    pauses = [(b.business_date - a.business_date).days
              for sales in theirs.values() for a, b in pairwise(sales)]  # fmt: skip
    assert sum(pause >= 60 for pause in pauses) > 100
    for card, sales in theirs.items():
        assert sales[0].business_date >= first + timedelta(seconds=min(own[card].joins_s, 0))


def test_members_have_their_own_hours_stores_and_ways_to_pay():
    own = of_everybody()
    near = []
    for card, sales in visits(two_years()).items():
        if len(sales) < 20:
            continue
        one = own[card]
        in_town = [sale for sale in sales if sale.store != WEB]
        home = stores(1)[one.store].id
        assert sum(sale.store == home for sale in in_town) > 0.75 * len(in_town)
        methods = Counter(sale.payments[0].method for sale in sales if sale.store != WEB)
        assert set(methods) <= {one.method}
        near += [min(abs(hour - sale.happened_at.hour - 0.5) for hour in one.hours) < 2
                 for sale in sales]  # fmt: skip
    assert fmean(near) > 0.8


def test_members_come_back_to_what_they_like():
    own = of_everybody()
    usual: list[float] = []
    other: list[float] = []
    for card, sales in visits(two_years()).items():
        mine = {p.sku for pool in own[card].tastes.own.values() for p in pool}
        goods = [line for sale in sales for line in sale.lines if line.kind == "goods"]
        (usual if own[card].tastes.repeats > 0.4 else other).append(
            sum(line.sku in mine for line in goods) / max(len(goods), 1)
        )
    assert fmean(usual) > fmean(other) + 0.08


def test_who_minds_the_price_takes_what_is_on_offer():
    own = of_everybody()
    minds: list[bool] = []
    does_not: list[bool] = []
    for card, sales in visits(two_years()).items():
        goods = [line for sale in sales for line in sale.lines if line.category == "larder"]
        (minds if own[card].tastes.thrift > 0.4 else does_not).extend(bool(x.promo) for x in goods)
    assert fmean(minds) > 1.5 * fmean(does_not)


def test_cards_are_of_three_kinds_and_each_is_somebodys():
    for count in (1, 24, 25, 26, 300):
        crowd = crowd_of(Plan(END, members=count))
        held: Counter[str] = Counter()
        for who in range(count):
            one = member(crowd, who)
            assert one.serial == held[one.label], "in the order of joining"
            held[one.label] += 1
        assert {label: held[label] for label in card_counts(count)} == card_counts(count)
    assert card_counts(2_000) == {"classic": 1_200, "gold": 160, "app": 640}
    batches = planned_cards(Plan(END), when(two_years()[0]))
    assert [batch.label for batch in batches] == ["classic", "gold", "app"]
    spans = sorted((batch.span().start, batch.span().stop) for batch in batches)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_the_shares_are_as_promised():
    events = told(members=1_000)
    sales, backs = of(Receipt, events), of(Returned, events)
    assert 0.12 < sum(sale.card is None for sale in sales) / len(sales) < 0.18
    assert 0.02 < len({back.what.sale for back in backs}) / len(sales) < 0.03
    assert 0.2 < sum(not back.what.lines for back in backs) / len(backs) < 0.6
    assert 0.01 < sum(sale.spend is not None for sale in sales) / len(sales) < 0.1
    assert {sale.entry_mode for sale in sales} == {"scan", "typed", "tap", "app", "online"}
    assert {p.method for sale in sales for p in sale.payments} == {"cash", "card", "member_card"}
    forms = of(Registered, events)
    assert 0.86 < len(forms) / 1_000 < 0.94, "the others are shadows"
    assert {form.card for form in forms} < {sale.card for sale in sales} | {f.card for f in forms}
    assert len({form.email for form in forms}) == len(forms)
    assert 0.2 < sum(bool(form.favourites) for form in forms) / len(forms) < 0.45
    late = {form.card for form in forms} & {
        sale.card for sale in sales
        if any(form.card == sale.card and form.at > sale.happened_at for form in forms)
    }  # fmt: skip
    assert 30 < len(late) < 150, "some earn as shadows first"


# Its days and goods ------------------------------------------------------------------------------


def test_the_year_has_seasons():
    sold: defaultdict[str, Counter[int]] = defaultdict(Counter)
    months: Counter[int] = Counter()
    for sale in of(Receipt, two_years()):
        months[sale.business_date.month] += 1
        for line in sale.lines:
            sold[line.category][sale.business_date.month] += line.quantity
            sold[line.sku][sale.business_date.month] += line.quantity
    assert sum(sold["gelato"][n] for n in (6, 7)) > 6 * sum(sold["gelato"][n] for n in (1, 2))
    assert sold["PANETTONE"][12] > 20 * sold["PANETTONE"][6]
    assert sold["COLOMBA"][3] + sold["COLOMBA"][4] > 20 * (sold["COLOMBA"][9] + 1)
    assert sold["ARANCE"][1] > 2 * sold["ARANCE"][8]
    assert months[12] > 1.4 * months[8]


def test_the_shop_is_open_when_it_sells():
    for sale in of(Receipt, two_years()):
        first, last = (6, 23) if sale.store == WEB else (7, 20)
        assert first <= sale.happened_at.hour < last
        assert (sale.cashier_id == "") == (sale.store == WEB)
        assert (sale.channel == "online") == (sale.store == WEB)
        closed = (sale.business_date.month, sale.business_date.day) in ((12, 25), (1, 1))
        assert not closed or sale.store == WEB


def test_lines_are_the_catalogue_the_leaflet_and_the_bottles():
    leaflets: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    for sale in of(Receipt, two_years()):
        skus = [line.sku for line in sale.lines]
        assert len(set(skus)) == len(skus)
        for line in sale.lines:
            price, week = KNOWN[line.sku].price_minor, sale.business_date.isocalendar()[:2]
            if line.promo:
                leaflets[week].add(line.sku)
                assert line.promo == f"W{week[1]:02d}" and 0.7 * price < line.unit_minor < price
            else:
                assert line.unit_minor == price
        bottles = sum(line.quantity for line in sale.lines if KNOWN[line.sku].deposit)
        online = sale.store == WEB
        deposits = sum(line.quantity for line in sale.lines if line.sku == DEPOSIT.sku)
        assert deposits == (0 if online else bottles)
        goods = sum(line.total() for line in sale.lines if line.sku != DELIVERY.sku)
        assert (DELIVERY.sku in skus) == (online and goods < FREE_DELIVERY_MINOR)
        assert sale.card_scan_offset is None or sale.card_scan_offset <= len(sale.lines)
    assert max(map(len, leaflets.values())) <= 8


def test_the_catalogue_is_a_real_one():
    found = products()
    assert len({product.sku for product in found}) == len(found) == 238
    assert {product.unit for product in found} == {"piece", "g"}
    assert {product.kind for product in found} == {"goods", "deposit", "delivery", "gift_card"}
    assert all(len(product.name) <= 28 for product in found), "a slip has 42 columns"


def test_names_make_addresses_that_are_plain_and_unique():
    chance = Random(1)
    names = [people.name(chance) for _ in range(500)]
    made = [people.email(name.given, name.family, serial) for serial, name in enumerate(names)]
    assert len(set(made)) == 500
    assert all(address.isascii() and " " not in address and "'" not in address for address in made)
    genders = {name.given: name.gender for name in names}
    assert genders["Anna"] == "f" and genders["Niccolò"] == "m"


def test_a_larger_shop_has_more_stores():
    assert [store.id for store in stores(2_000)] == ["TRASTEVERE", "PRATI", WEB]
    assert len(stores(50_000)) == 21 and len(stores(9_000_000)) == 301
    assert len({store.id for store in stores(9_000_000)}) == 301
    assert tills(ONLINE) == ("WEB",)
    sold_at = Counter(sale.store for sale in of(Receipt, islice(story(Plan(END, members=20_000)),
                                                                 40_000)))  # fmt: skip
    assert set(sold_at) == {store.id for store in stores(20_000)}


@pytest.mark.parametrize("seed", [1, 2])
def test_how_many_receipts_are_to_come_is_about_known(seed):
    plan = Plan(END, seed, members=500)
    there = sum(isinstance(event, Receipt) for event in story(plan))
    assert 0.8 < expected(crowd_of(plan)) / there < 1.25


@pytest.mark.parametrize(
    ("wish", "available", "spent"),
    [(500, 1_000, 500), (500, 450, 400), (500, 100, 100), (500, 99, None), (500, -20, None)],
)
def test_a_member_spends_whole_hundreds_of_what_is_there(wish, available, spent):
    sale = next(sale for sale in of(Receipt, two_years()) if sale.spend)
    given = affordable(replace(sale, spend=Spend(wish)), available)
    assert (given.spend.points if given.spend else None) == spent
    assert given.lines == sale.lines
