"""Coupons that receipts show: found, judged, counted. Whoever calls begins and commits."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from tessera.access.core import Principal, block_of, network_of
from tessera.base import installation
from tessera.budgets.core import GRACE
from tessera.members.households import db as households_db
from tessera.rewards.coupons import db
from tessera.rewards.coupons.core import codes
from tessera.rewards.coupons.core.book import Book, Seen, Shower, sorted_out
from tessera.rewards.coupons.core.misses import MOST, MOST_BLOCK, MOST_SHARED, Misses
from tessera.rewards.coupons.core.words import TEXTS, Use
from tessera.rules.core.coupons import Coupon

Marks = Mapping[bytes, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """What one receipt shows: texts as typed, the program's kinds, whose it is, who may be wrong.

    marks  {keyed mark of who shows them: how many wrong codes it may have}
    own    what a quote that is named keeps; before: the kinds of the program that promised it
    """

    texts: tuple[str, ...]
    kinds: Mapping[str, Coupon]
    on: date
    member_id: UUID | None
    marks: Marks
    own: tuple[Use, ...] = ()
    before: Mapping[str, Coupon] | None = None

    def as_promised(self) -> Shown:
        """As the program looks at it that promised what is named; else as it is."""
        return self if self.before is None else replace(self, kinds=self.before, before=None)

    @property
    def views(self) -> tuple[Shown, ...]:
        """As all programs look at it that may decide."""
        return (self,) if self.before is None else (self, self.as_promised())


def marks_of(
    principal: Principal, place: tuple[str, str], member_id: UUID | None, address: str
) -> dict[bytes, int]:
    """Who is wrong when a code is: the till, its key, the member, the address.

    place  (store, till) as the receipt says; the key is counted too, for these can be made up
    """
    here = installation.here()
    shared = MOST_SHARED if principal.kind == "key" else MOST
    found = dict(_marks_of_place(here, principal.id, place, address, shared))
    if member_id is not None:
        found[here.mark("coupon member", str(member_id))] = MOST
    return found


@lru_cache(maxsize=4096)
def _marks_of_place(
    here: installation.Installation, by: UUID, place: tuple[str, str], address: str, shared: int
) -> Marks:
    """Those that a till has again with its next receipt."""
    found = {here.mark("coupon till", str(by), *place): MOST}
    found[here.mark("coupon key", str(by))] = shared
    if address:  # of tills one count, of people another: neither stops the other
        network, person = network_of(address), shared == MOST
        who = ("coupon address", "person") if person else ("coupon address",)
        found[here.mark(*who, network)] = shared
        if person:
            found[here.mark("coupon block", block_of(network))] = MOST_BLOCK
    return found


def fresh_code() -> tuple[int, UUID]:
    """The number of a new code, and as what it is kept."""
    number = secrets.randbits(codes.BITS)
    return number, veiled([number])[0]


def veiled(numbers: Sequence[int]) -> list[UUID]:
    """As what these codes are kept."""
    raw = installation.here().veil(codes.blocks(numbers))
    return [UUID(bytes=raw[at : at + 16]) for at in range(0, len(raw), 16)]


def unveiled(kept: Iterable[UUID]) -> Sequence[int]:
    """The numbers of codes. Errors: AssertionError if another installation made one."""
    return codes.numbers(installation.here().unveil(b"".join([each.bytes for each in kept])))


@dataclass(slots=True)
class Desk:
    """Where the coupons of one transaction are looked at; what is locked stays so to its end.

    typed    {text: as what the code is kept, a word, or None where it is mistyped}
    numbers  {member: under which numbers the person is known}
    words    {kinds of a program: {word: its kind}}; found: what a text is, before it is judged
    """

    now: datetime
    book: Book = field(default_factory=Book)
    misses: Misses = field(default_factory=Misses)
    typed: dict[str, UUID | str | None] = field(default_factory=dict)
    numbers: dict[UUID, frozenset[UUID]] = field(default_factory=dict)
    words: dict[int, dict[str, str]] = field(default_factory=dict)
    found: dict[tuple[int, str], Seen] = field(default_factory=dict)

    async def lock(
        self, conn: db.Conn, shown: Sequence[Shown], also: Collection[UUID],
        kinds: Collection[str],
    ) -> None:  # fmt: skip
        """Lock codes, kinds and wrong counts, in this order, each in theirs.

        also   codes of uses and gifts that may be taken back
        kinds  of such uses, where there are only so many of the kind
        """
        views = [view for each in shown for view in each.views]
        await self._find(conn, views, self._read(shown, also), kinds, lock=True)
        await self.lock_misses(conn, shown)

    async def look(self, conn: db.Conn, shown: Shown) -> None:
        """The same for a dry quote: only wrong counts are locked."""
        await self._find(conn, [shown], self._read([shown], ()), (), lock=False)
        await self.lock_misses(conn, [shown])
        await self.know(conn, [shown])

    def _read(self, shown: Sequence[Shown], also: Collection[UUID]) -> list[UUID]:
        """What the texts are, and the codes to look for, in their order."""
        read = {text: codes.read(text) for each in shown for text in each.texts}
        numbers = {text: said for text, said in read.items() if isinstance(said, int)}
        made = dict(zip(numbers, veiled(list(numbers.values())), strict=True))
        for text, said in read.items():
            self.typed[text] = made[text] if isinstance(said, int) else said
        return sorted({*made.values(), *also})

    async def _find(
        self, conn: db.Conn, shown: Sequence[Shown], asked: Sequence[UUID],
        more: Collection[str], *, lock: bool,
    ) -> None:  # fmt: skip
        await self._ask(conn, shown, asked, lock=lock)
        kinds = {kind for each in shown for kind in self._kinds(each)}
        kinds |= {row.kind for row in self.book.rows.values()}
        scarce = set(more) | {
            kind for each in shown for kind, coupon in each.kinds.items()
            if kind in kinds and coupon.most is not None
        }  # fmt: skip
        if scarce:
            self.book.used.update(await db.counts(conn, list(scarce), lock=lock))

    async def _ask(
        self, conn: db.Conn, shown: Sequence[Shown], asked: Sequence[UUID], *, lock: bool
    ) -> None:
        """Codes, then what quotes keep of them, and who has to wait: in one trip."""
        marks = {mark for each in shown for mark in each.marks}
        rows = await db.ask_codes(conn, asked, lock=lock) if asked else None
        kept = await db.ask_kept_codes(conn, asked, self.now - GRACE) if asked else None
        waiting = await db.ask_misses(conn, marks, self.now, lock=False) if marks else None
        if rows is not None and kept is not None:
            self.book.rows = await db.rows_of(rows)
            self.book.used.update({row.code: row.used for row in self.book.rows.values()})
            for code, quote in await db.kept(kept):
                self.book.kept.setdefault(code, set()).add(quote)
        if waiting is not None:
            self.misses.counts.update(await db.counted(waiting))

    def _kinds(self, shown: Shown) -> set[str]:
        """The kinds of words that it shows."""
        words = self._words(shown)
        said = {self.typed[text] for text in shown.texts} if words else ()
        return {kind for word, kind in words.items() if word in said}

    def _words(self, shown: Shown) -> dict[str, str]:
        known = self.words.get(id(shown.kinds))  # programs outlive the desk
        if known is None:
            known = self.words[id(shown.kinds)] = {
                codes.folded(coupon.code): kind
                for kind, coupon in shown.kinds.items() if coupon.code is not None
            }  # fmt: skip
        return known

    async def lock_misses(self, conn: db.Conn, shown: Sequence[Shown]) -> None:
        """Wrong counts of those who show what nobody has: they are told one after the other."""
        marks: set[bytes] = set()
        for each in shown:
            if any([self._is_guess(self._found(text, each), each) for text in each.texts]):
                marks |= each.marks.keys()
        if marks:
            found = await db.misses(conn, list(marks), self.now, lock=True)
            self.misses.counts.update(found)

    async def know(self, conn: db.Conn, shown: Sequence[Shown]) -> None:
        """What open quotes keep of kinds, what members have used."""
        kinds = [kind for kind in self.book.used if isinstance(kind, str)]
        if kinds:
            for kind, quote in await db.kept_kinds(conn, kinds, self.now - GRACE):
                self.book.kept.setdefault(kind, set()).add(quote)
        await self._know_members(conn, [view for each in shown for view in each.views])

    async def _know_members(self, conn: db.Conn, shown: Sequence[Shown]) -> None:
        """Who is who, where a coupon is somebody's; what they have used of kinds with a limit."""
        known = [
            each for each in shown if each.member_id is not None and any(
                kind.per_member is not None or kind.personal for kind in each.kinds.values()
            )
        ]  # fmt: skip
        limited = {
            (seen.kind, each.member_id)
            for each in known for seen in map(lambda text: self._found(text, each), each.texts)
            if each.member_id is not None and seen.coupon is not None
            and (seen.coupon.per_member is not None or seen.coupon.personal)
        }  # fmt: skip
        if not limited:
            return
        pairs = await households_db.numbers(conn, list({member for _, member in limited}))
        for member, number in pairs:
            self.numbers[member] = self.numbers.get(member, frozenset()) | {number}
        asked = [
            (kind, number, member)
            for kind, member in limited for number in self.numbers[member]
        ]  # fmt: skip
        for kind, member, outcome, kept in await db.of_members(conn, asked, self.now - GRACE):
            if kept:
                self.book.kept.setdefault((kind, member), set()).add(outcome)
            else:
                self.book.used[kind, member] += 1

    def see(self, shown: Shown) -> list[Seen]:
        """Each coupon of a receipt, judged now; what nobody has is counted."""
        found, tripped = [], self.misses.tripped(shown.marks, self.now)
        for text in shown.texts:
            if tripped:
                found.append(Seen(text, "try_later", why=TEXTS["try_later"]))
                continue
            seen = self._found(text, shown)
            if self._is_guess(seen, shown):
                self.misses.add(shown.marks, self.now)
                tripped = self.misses.tripped(shown.marks, self.now)
            found.append(seen)
        return self._sorted_out(found, shown)

    def judged(self, shown: Shown) -> list[Seen]:
        """The same, and nothing is counted."""
        return self._sorted_out([self._found(text, shown) for text in shown.texts], shown)

    def _sorted_out(self, found: list[Seen], shown: Shown) -> list[Seen]:
        numbers = frozenset() if shown.member_id is None else self.numbers.get(
            shown.member_id, frozenset((shown.member_id,))
        )  # fmt: skip
        return sorted_out(self.book, found, Shower(shown.on, shown.member_id, numbers, shown.own))

    def _is_guess(self, seen: Seen, shown: Shown) -> bool:
        """Nobody has it, under no program that may decide."""
        return seen.state == "unknown" and all(
            [self._found(seen.text, view).state == "unknown" for view in shown.views]
        )

    def _found(self, text: str, shown: Shown) -> Seen:
        """A text as it is found, before it is judged."""
        key = (id(shown.kinds), text)
        known = self.found.get(key)
        if known is None:
            known = self.found[key] = self._looked(text, shown)
        return known

    def _looked(self, text: str, shown: Shown) -> Seen:
        said = self.typed[text]
        if said is None:
            return Seen(text, "mistyped", why=TEXTS["mistyped"])
        if isinstance(said, str):
            kind = self._words(shown).get(said)
            if kind is not None:
                return Seen(text, None, kind, shown.kinds[kind])
        elif (row := self.book.rows.get(said)) is not None:
            coupon = shown.kinds.get(row.kind)
            if coupon is None:  # the program has given up the kind
                return Seen(text, "revoked", row.kind, None, row, TEXTS["revoked"])
            return Seen(text, None, row.kind, coupon, row)
        return Seen(text, "unknown", why=TEXTS["unknown"])

    async def write_misses(self, conn: db.Conn) -> None:
        """Keep what was counted."""
        changed = {mark: self.misses.counts[mark] for mark in self.misses.changed}
        if changed:
            await db.save_misses(conn, changed)

    async def write(self, conn: db.Conn) -> None:
        """Add how often codes and kinds were used, and which codes ended; behind the uses."""
        book = self.book
        codes_ = {key: more for key, more in book.more.items() if isinstance(key, UUID)}
        kinds = {key: more for key, more in book.more.items() if isinstance(key, str)}
        await db.add_used(conn, codes_, kinds)
        if book.ended:
            await db.save_ends(conn, [book.rows[code] for code in sorted(book.ended)], self.now)
        await self.write_misses(conn)


def last_day(coupon: Coupon, on: date) -> date | None:
    """The last day of a coupon that is given on this one; None: it has none of its own."""
    return None if coupon.days is None else on + timedelta(days=coupon.days)
