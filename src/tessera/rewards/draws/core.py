"""Luck, tickets and who wins. Pure: from the seed and a list anybody computes the same."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from heapq import nsmallest
from itertools import chain
from typing import Any
from uuid import UUID

from msgspec import Struct

from tessera.rules.core.draws import LUCK, Draw, DrawPrize
from tessera.rules.core.prizes import items_back
from tessera.rules.core.words import Story
from tessera.warehouse.core import ReceiptKey

SEED_BYTES = 32
KEEPSAKES = ("ticket", "badge", "privilege")
Ticket = tuple[bytes, str, int, str]  # its place among all, label, number, holder
_BREATH = 1000  # tickets: some two milliseconds
_LUCK_BITS = LUCK.bit_length() - 1


class Entry(Struct, frozen=True):
    """The tickets of one operation, numbered from 1 to `pieces`."""

    label: str
    holder: str
    pieces: int


class Winner(Struct, frozen=True):
    """A ticket that wins: its place from 1, and the prize's item."""

    place: int
    item: str
    label: str
    number: int
    holder: str


class Held(Struct, frozen=True):
    """How many pieces of a ticket, badge or privilege an account has, and since when."""

    kind: str
    item: str
    pieces: int
    since: datetime


def bound_to(seed: bytes) -> bytes:
    """What is told of a seed from the beginning: its SHA-256."""
    return hashlib.sha256(seed).digest()


def luck_of(seed: bytes, draw: str, rule: str, words: Iterable[str]) -> int:
    """A whole number from 0 to LUCK - 1, each as likely as any other.

    words   what it is the luck of: a receipt's identity, or a member and a day
    source  HMAC-SHA256 over the words with their lengths before them, its first 53 bits
    """
    digest = hmac.digest(seed, _framed("luck", draw, rule, *words), "sha256")
    return int.from_bytes(digest, "big") >> (256 - _LUCK_BITS)


def words_of(draw: Draw, key: ReceiptKey, member: UUID, on: date) -> tuple[str, ...]:
    """What a receipt's luck is of, as the draw says."""
    if draw.luck == "day":
        return ("day", member.hex, on.isoformat())
    return ("receipt", key.store, key.till, key.business_date.isoformat(), key.shift, key.number)


def label_of(draw: str, outcome_id: UUID) -> str:
    """What the tickets of an operation are called in the list: 20 hexadecimal digits."""
    return hashlib.blake2b(_framed(draw, outcome_id.hex), digest_size=10).hexdigest()


def holder_of(seed: bytes, account_id: UUID) -> str:
    """What a member is called in the list: nobody can tell who it is without the accounts."""
    return hmac.digest(seed, _framed("holder", account_id.hex), "sha256").hex()[:20]


def winners(
    seed: bytes, code: str, entries: Iterable[Entry], prizes: Sequence[DrawPrize], most: int,
    breathe: Callable[[], None] = lambda: None,
) -> list[Winner]:  # fmt: skip
    """Who wins what: the lowest tickets, the first prize first.

    most    prizes that one holder can win; the next ticket takes the place of one more
    breathe called again and again, after a thousand tickets or operations at most
    shape   as many as there are pieces of prizes, or fewer where there are not so many tickets
    source  a ticket's rank is SHA-256 over seed, code, label and number
    """
    items = [prize.item for prize in prizes for _ in range(prize.count)]
    each, start = min(most, len(items)), hashlib.sha256(_framed(seed.hex(), code))
    best: dict[str, list[Ticket]] = {}  # of a holder: more than these cannot win
    for i, entry in enumerate(entries):
        mine = chain(best.get(entry.holder, ()), _ranked(start, entry, breathe))
        few = entry.pieces < _BREATH
        best[entry.holder] = sorted(mine)[:each] if few else nsmallest(each, mine)
        if i % _BREATH == 0:
            breathe()
    lowest = nsmallest(len(items), chain.from_iterable(best.values()))
    return [
        Winner(i + 1, items[i], label, number, holder)
        for i, (_, label, number, holder) in enumerate(lowest)
    ]


def _ranked(start: Any, entry: Entry, breathe: Callable[[], None]) -> Iterator[Ticket]:
    """`start`: the digest, begun with the seed and the draw."""
    mine = start.copy()
    mine.update(_framed(entry.label))
    for number in range(1, entry.pieces + 1):
        if number % _BREATH == 0:
            breathe()
        ticket = mine.copy()
        ticket.update(str(number).encode())
        yield ticket.digest(), entry.label, number, entry.holder


def digest_of(entries: Iterable[Entry]) -> bytes:
    """What binds a list: SHA-256 over its lines, by label."""
    listed = sorted(entries, key=lambda each: each.label)
    return hashlib.sha256(lines_of(listed)).digest()


def lines_of(entries: Iterable[Entry]) -> bytes:
    """Entries as the list has them, a line each."""
    return "".join([f"{e.label},{e.holder},{e.pieces}\n" for e in entries]).encode()


def moved(before: Story | None, after: Story | None) -> dict[tuple[str, str], int]:
    """{(kind, item): pieces more} of tickets, badges and privileges; below zero: fewer."""
    nothing = Story((), (), 0, 0, 0, 0)
    back = items_back(before or nothing, after or nothing)
    return {key: -pieces for key, pieces in back.items() if key[0] in KEEPSAKES}


def won_in(story: Story | None, rules: Mapping[str, str]) -> list[tuple[str, str]]:
    """(draw, item) of what these rules gave in a decision."""
    effects = story.effects if story is not None else ()
    return [(rules[e.rule], e.item) for e in effects if e.rule in rules and e.given]


def _framed(*words: str) -> bytes:
    return b"".join([b"%d:%b" % (len(raw), raw) for raw in map(str.encode, words)])
