"""Draws: the odds that are told are the odds there are, and a list has one set of winners."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tessera.rewards.draws.core import (
    Entry,
    digest_of,
    holder_of,
    label_of,
    luck_of,
    winners,
    words_of,
)
from tessera.rules.core.draws import LUCK, Draw, DrawPrize, draw_faults
from tessera.warehouse.core import ReceiptKey

SEED = bytes(range(32))
WIN = Draw((DrawPrize("MUG", 9, one_in=50), DrawPrize("COFFEE", 9, one_in=7)))
MANY, LIMIT = 100_000, 16.27  # chi-square of 3 degrees of freedom: above it once in a thousand
TILL = ReceiptKey("S1", "1", date(2026, 11, 22), "", "1")


def test_what_is_won_is_as_likely_as_it_is_told():
    """A hundred thousand receipts, one after the other, under one seed."""
    found: Counter[str] = Counter()
    for number in range(MANY):
        luck = luck_of(SEED, "WIN", "spin", ("receipt", "S1", "1", "2026-11-22", "", str(number)))
        prize = WIN.won(luck)
        found[prize.item if prize is not None else "nothing"] += 1
        found["even"] += luck % 2 == 0
    told = {"MUG": 1 / 50, "COFFEE": 1 / 7, "nothing": 1 - 1 / 50 - 1 / 7}
    off = sum((found[item] - MANY * odds) ** 2 / (MANY * odds) for item, odds in told.items())
    off += (found["even"] - MANY / 2) ** 2 / (MANY / 4)
    assert off < LIMIT, (off, found)


@given(st.integers(0, LUCK - 1))
def test_luck_falls_into_one_prize_or_none(luck):
    prize, first = WIN.won(luck), LUCK // 50
    if luck < first:
        assert prize is not None and prize.item == "MUG"
    elif luck < first + LUCK // 7:
        assert prize is not None and prize.item == "COFFEE"
    else:
        assert prize is None


@given(st.tuples(*[st.text(max_size=4)] * 3), st.tuples(*[st.text(max_size=4)] * 3))
def test_luck_is_of_the_very_words(some, others):
    """Their borders too: "1","23" is not "12","3"."""
    same = luck_of(SEED, "A", "b", some) == luck_of(SEED, "A", "b", others)
    assert same == (some == others)
    assert luck_of(SEED, "A", "b", some) != luck_of(SEED, "A", "c", some)
    assert luck_of(SEED, "A", "b", some) != luck_of(bytes(32), "A", "b", some)


@given(st.uuids(), st.text(min_size=1, max_size=5), st.text(min_size=1, max_size=5))
def test_luck_of_the_day_is_the_members_and_of_the_receipt_the_tills(member, till, number):
    key = ReceiptKey("S1", till, date(2026, 11, 22), "", number)
    by_day = Draw(WIN.prizes, luck="day")
    on = date(2026, 11, 22)
    assert words_of(by_day, key, member, on) == words_of(by_day, TILL, member, on)
    assert words_of(WIN, key, member, on) == words_of(WIN, key, UUID(int=1), date(2026, 1, 1))


LISTS = st.dictionaries(
    st.integers(0, 10**6).map(lambda n: f"{n:020x}"),
    st.tuples(st.sampled_from("abcdef"), st.integers(1, 30)), max_size=25,
).map(lambda found: [Entry(label, *rest) for label, rest in found.items()])  # fmt: skip


def in_turn(listed: list[Entry], most: int) -> list[tuple[str, int]]:
    """The tickets as they are called out, one after the other; who has `most` is passed over."""

    def place(entry: Entry, number: int) -> bytes:
        words = (SEED.hex(), "CAR", entry.label)
        said = b"".join(b"%d:%b" % (len(word), word.encode()) for word in words)
        return hashlib.sha256(said + str(number).encode()).digest()

    every = [(place(e, n + 1), n + 1, e) for e in listed for n in range(e.pieces)]
    found, had = [], Counter[str]()
    for _, number, entry in sorted(every, key=lambda each: each[0]):
        had[entry.holder] += 1
        if had[entry.holder] <= most:
            found.append((entry.label, number))
    return found


@given(LISTS, st.integers(1, 6), st.integers(1, 4), st.randoms())
def test_a_list_has_one_set_of_winners(listed, count, most, chance):
    prizes = (DrawPrize("CAR"), DrawPrize("BIKE", count))
    won = winners(SEED, "CAR", listed, prizes, most)
    mixed = list(listed)
    chance.shuffle(mixed)
    assert winners(SEED, "CAR", mixed, prizes, most) == won
    assert [(each.label, each.number) for each in won] == in_turn(listed, most)[: 1 + count]
    assert digest_of(mixed) == digest_of(listed)
    held = Counter(entry.holder for entry in listed for _ in range(entry.pieces))
    assert len(won) == min(sum(min(pieces, most) for pieces in held.values()), 1 + count)
    assert max(Counter(each.holder for each in won).values(), default=0) <= most
    assert len({(each.label, each.number) for each in won}) == len(won)
    assert [each.place for each in won] == list(range(1, len(won) + 1))
    assert [each.item for each in won] == (["CAR"] + ["BIKE"] * count)[: len(won)]
    pieces = {entry.label: entry for entry in listed}
    for each in won:
        entry = pieces[each.label]
        assert 1 <= each.number <= entry.pieces and each.holder == entry.holder


def test_every_ticket_wins_as_often_as_any_other():
    """Of 10 tickets each of four members' one has all: over many draws it wins 10 in 25."""
    listed = [Entry("a" * 20, "a", 10), *(Entry(x * 20, x, 5) for x in "bcd")]
    won = Counter(
        winners(SEED, f"D{n}", listed, (DrawPrize("CAR"),), 1)[0].holder for n in range(4000)
    )
    told = {"a": 1600, "b": 800, "c": 800, "d": 800}
    off = sum((won[holder] - count) ** 2 / count for holder, count in told.items())
    assert off < LIMIT, won


def test_names_in_a_list_tell_nobody():
    one, other = UUID(int=1), UUID(int=2)
    assert label_of("CAR", one) != label_of("BIKE", one) != label_of("BIKE", other)
    assert holder_of(SEED, one) != holder_of(bytes(32), one)
    assert one.hex not in label_of("CAR", one) + holder_of(SEED, one)


def test_a_draw_that_does_not_fit_together_is_told():
    one = DrawPrize("MUG", one_in=2)
    faults = [
        list(draw_faults(Draw(prizes, ends=ends, starts=starts)))
        for prizes, starts, ends in (
            ((one, one), None, None),
            ((one, DrawPrize("CAR", one_in=2), DrawPrize("BIKE", one_in=9)), None, None),
            ((DrawPrize("CAR"),), None, None),
            ((one,), date(2026, 2, 1), date(2026, 1, 1)),
            ((one, DrawPrize("CAR", one_in=2)), None, None),
        )
    ]
    assert [[field for field, _, _ in each] for each in faults] == [
        ["prizes[1].item"], ["prizes"], ["ends"], ["ends"], []
    ]  # fmt: skip
