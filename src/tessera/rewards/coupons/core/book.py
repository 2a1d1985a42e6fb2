"""What is known of coupons while several receipts draw on them, one after the other. Pure.

One count for each thing of which there are only so many: a code, a kind, a kind of one member. What
open quotes keep of it is known beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tessera.rewards.coupons.core.words import (
    EXPIRED,
    NOT_YET,
    ONE_OF_A_KIND,
    TEXTS,
    USED_BY_ONE,
    USED_UP,
    Row,
    State,
    Use,
)
from tessera.rules.core.coupons import Coupon

Scarce = UUID | str | tuple[str, UUID]  # a code, a kind, a kind of one member


class Seen(Struct, frozen=True):
    """A coupon as it was found. `state`: why it is not good; None: it is."""

    text: str
    state: State | None = None
    kind: str = ""
    coupon: Coupon | None = None
    row: Row | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Shower:
    """Who shows coupons, on which local day, and what a quote of theirs keeps.

    numbers  under which the member is known: those merged into it too
    """

    on: date
    member_id: UUID | None = None
    numbers: frozenset[UUID] = frozenset()
    own: tuple[Use, ...] = ()


@dataclass(slots=True)
class Book:
    """Codes that were found, and the counts of what is scarce.

    ended  codes of which it changed whether they count at all
    """

    rows: dict[UUID, Row] = field(default_factory=dict)
    used: Counter[Scarce] = field(default_factory=Counter)
    kept: dict[Scarce, set[UUID]] = field(default_factory=dict)
    more: Counter[UUID | str] = field(default_factory=Counter)
    ended: set[UUID] = field(default_factory=set)

    def judge(self, seen: Seen, by: Shower) -> Seen:
        """Whether it counts for them today, as far as the book knows."""
        assert seen.coupon is not None, "a kind of the program"
        row = seen.row and self.rows.get(seen.row.code, seen.row)
        if row is not None and self._is_gone(row):
            return _not_so(seen, "revoked")
        if seen.coupon.personal and row is not None and row.member_id not in by.numbers:
            return _not_so(seen, "not_yours")
        first, last = _days(seen.coupon, row)
        if first is not None and by.on < first:
            return _not_so(seen, "not_yet", NOT_YET)
        if last is not None and by.on > last:
            return _not_so(seen, "expired", EXPIRED)
        for scarce, most, why in scarcities(seen, by.member_id):
            used = self.used[scarce]
            if used >= most:
                return _not_so(seen, "used", why)
            kept = self.kept.get(scarce)
            if kept and used + len(kept - {use.outcome_id for use in by.own}) >= most:
                return _not_so(seen, "held")
        return seen

    def take(self, seen: Seen, member_id: UUID | None) -> None:
        """One use is taken."""
        self._count(seen.row.code if seen.row is not None else None, seen.kind, 1)
        if member_id is not None:
            self.used[seen.kind, member_id] += 1

    def keep(self, seen: Seen, member_id: UUID | None, quote: UUID) -> None:
        """A quote keeps one use."""
        for scarce, _, _ in scarcities(seen, member_id):
            self.kept.setdefault(scarce, set()).add(quote)

    def let_go(self, use: Use) -> None:
        """A quote keeps it no more."""
        for scarce in (use.code, use.kind, use.member_id and (use.kind, use.member_id)):
            if scarce is not None:
                self.kept.get(scarce, set()).discard(use.outcome_id)

    def change(self, use: Use, by: int) -> None:
        """A use is given back (-1), or taken after all (+1)."""
        self._count(use.code, use.kind, by)

    def end(self, code: UUID) -> Row:
        """What it was given for came back: it is void, and owed while it has been used."""
        used = self.used[code] > 0
        return self._put(replace(self.rows[code], void=not used, owed=used))

    def revive(self, code: UUID) -> Row:
        """What it was given for is sold after all."""
        return self._put(replace(self.rows[code], void=False, owed=False))

    def _put(self, row: Row) -> Row:
        self.rows[row.code] = row
        self.ended.add(row.code)
        return row

    def _is_gone(self, row: Row) -> bool:
        """Whether it counts for nobody; of one that is owed what was used is told as used."""
        return row.revoked or row.void or (row.owed and self.used[row.code] < row.uses)

    def _count(self, code: UUID | None, kind: str, by: int) -> None:
        """Of every kind, limited or not: another version may say otherwise."""
        for key in (kind,) if code is None else (code, kind):
            self.used[key] += by
            self.more[key] += by
        row = None if code is None else self.rows.get(code)
        if row is None:
            return
        back, after_all = row.owed and not self.used[row.code], row.void and row.given and by > 0
        if back or after_all:
            self.end(row.code)


def scarcities(seen: Seen, member_id: UUID | None) -> Iterator[tuple[Scarce, int, str]]:
    """(of what there are only so many, how many, what is said when they are used)."""
    coupon, row = seen.coupon, seen.row
    assert coupon is not None, "a kind of the program"
    if row is not None:
        yield row.code, row.uses, TEXTS["used"]
    if coupon.most is not None:
        yield seen.kind, coupon.most, USED_UP
    if coupon.per_member is not None and member_id is not None:
        yield (seen.kind, member_id), coupon.per_member, USED_BY_ONE


def sorted_out(book: Book, shown: list[Seen], by: Shower) -> list[Seen]:
    """Each judged; of several good ones of a kind the first counts."""
    found: list[Seen] = []
    good: set[str] = set()
    for each in shown:
        if each.state is None:
            each = book.judge(each, by)
        if each.state is None and each.kind in good:
            each = _not_so(each, "unused", ONE_OF_A_KIND)
        if each.state is None:
            good.add(each.kind)
        found.append(each)
    return found


def _days(coupon: Coupon, row: Row | None) -> tuple[date | None, date | None]:
    """The days on which it counts: the narrowest of what kind, batch and code say."""
    first, last = coupon.starts, coupon.ends
    if row is not None and row.first is not None:
        first = row.first if first is None else max(first, row.first)
    if row is not None and row.last is not None:
        last = row.last if last is None else min(last, row.last)
    return first, last


def _not_so(seen: Seen, state: State, why: str = "") -> Seen:
    return Seen(seen.text, state, seen.kind, seen.coupon, seen.row, why or TEXTS[state])
