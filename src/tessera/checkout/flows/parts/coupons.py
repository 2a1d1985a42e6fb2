"""Coupons that are shown, kept by quotes, used, given, and taken back with the goods.

Codes are locked in their order, then kinds of which there are only so many, then the counts of who
was wrong. What a receipt draws on is drawn in the order of the batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from msgspec.structs import replace

from tessera.checkout import db
from tessera.checkout.core.coupons import Gave, effects_of, gave, given, make_known, to_use, told
from tessera.checkout.core.words import Cancel, Quote
from tessera.checkout.flows.items import Batch, Item
from tessera.checkout.flows.parts import Part
from tessera.rewards.coupons import db as coupons_db
from tessera.rewards.coupons.core import codes
from tessera.rewards.coupons.core.book import Seen
from tessera.rewards.coupons.core.words import TEXTS, CouponTold, Given, Row, State, Use
from tessera.rewards.coupons.flows import Desk, Shown, fresh_code, last_day, marks_of, unveiled
from tessera.rules.core.coupons import Coupon
from tessera.rules.core.texts import say_in

Pieces = Mapping[tuple[str, str], int]  # {(kind of coupon, rule): coupons that it gave}


@dataclass(slots=True)
class _Writes:
    """What is to be written of a batch."""

    added: list[Use] = field(default_factory=list)
    changed: list[Use] = field(default_factory=list)
    ended: list[UUID] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)
    uses: dict[str, int] = field(default_factory=dict)


class Coupons(Part):
    """Which coupons each operation shows, and what becomes of them."""

    order = 20

    def __init__(self, batch: Batch) -> None:
        super().__init__(batch)
        self.desk = Desk(batch.now)
        self.uses: dict[UUID, list[Use]] = {}
        self.given: dict[UUID, list[Given]] = {}
        self.shown: dict[UUID, Shown] = {}
        self.seen: dict[UUID, list[Seen]] = {}
        self.writes = _Writes()

    @classmethod
    def wanted(cls, batch: Batch) -> bool:
        """A coupon is shown, or the program has some."""
        return any(
            (item.receipt is not None and item.receipt.coupons)
            or any(program.coupons for program in item.programs)
            for item in batch.open()
        )

    async def lock(self, conn: db.Conn) -> None:
        """What is shown, what quotes keep of it, what sales used and gave."""
        await self._read_past(conn)
        for item in self.batch.open():
            if item.receipt is not None and item.receipt.coupons:
                self.shown[item.outcome_id] = self._shown(item)
        also = {use.code for uses in self.uses.values() for use in uses if use.code is not None}
        also |= {each.code for some in self.given.values() for each in some}
        kinds = set(self._past_kinds())
        if self.shown or also or kinds:
            await self.desk.lock(conn, list(self.shown.values()), also, kinds)

    async def _read_past(self, conn: db.Conn) -> None:
        """What named quotes keep and returned sales used; their accounts and sales are locked."""
        items = [
            item for item in self.batch.open()
            if any(program.coupons for program in item.programs)
        ]  # fmt: skip
        quotes = [item.quote for item in items if item.quote is not None]
        sales = [
            item.sold.row.id for item in items
            if item.sold is not None and effects_of(item.sold.first.story, item.sold.program)
        ]  # fmt: skip
        if quotes or sales:
            for use in await coupons_db.uses_of(conn, [*quotes, *sales]):
                self.uses.setdefault(use.outcome_id, []).append(use)
        if sales:
            for each in await coupons_db.given_of(conn, sales):
                self.given.setdefault(each.sale_id, []).append(each)

    def _past_kinds(self) -> Iterator[str]:
        """Of uses that may come back or be kept the kinds of which there are only so many."""
        for item in self.batch.open():
            named = item.sold.row.id if item.sold is not None else item.quote
            for use in self.uses.get(named, ()) if named is not None else ():
                for program in item.programs:
                    coupon = program.coupons.get(use.kind)
                    if coupon is not None and coupon.most is not None:
                        yield use.kind

    def _shown(self, item: Item) -> Shown:
        receipt, case, day = item.receipt, item.case, item.day
        assert receipt is not None and case is not None and day is not None, "a basket is shown"
        member = case.owner.member_id if case.owner is not None else None
        job = item.job
        marks = marks_of(job.principal, (receipt.store, receipt.till), member, job.address)
        own = tuple(self.uses.get(item.quote, ())) if item.quote is not None else ()
        return Shown(
            receipt.coupons, case.program.coupons, day, member, marks, own,
            item.promised.coupons if len(item.programs) > 1 and item.promised else None,
        )  # fmt: skip

    async def know(self, conn: db.Conn) -> None:
        """What open quotes keep, what members have used, who has to wait."""
        if self.shown or self.uses:
            await self.desk.know(conn, list(self.shown.values()))

    def tell(self, item: Item) -> None:
        """Good coupons are facts of the decision."""
        shown = self.shown.get(item.outcome_id)
        if shown is not None and item.case is not None:
            self.seen[item.outcome_id] = self.desk.see(shown)
            make_known(item.case, self.seen[item.outcome_id])

    def take(self, item: Item) -> None:
        """Uses are taken, kept, let go or given back; coupons are given or void."""
        assert item.decision is not None, "it is decided"
        promise = item.decision.promise
        kept: list[Use] = []
        if promise is not None and promise.ended is not None:
            confirmed = promise.ended == "confirmed"
            if promise.id in self.uses:
                kept = self._end(promise.id, confirmed=confirmed)
            shown = self.shown.get(item.outcome_id)
            if confirmed and shown is not None:  # what was shown is seen as the promise saw it
                self.seen[item.outcome_id] = self.desk.judged(shown.as_promised())
        if item.sold is not None:
            said = self._take_back(item)
        elif isinstance(item.job.ask, Cancel):
            said = []
        else:
            said = [*self._take_shown(item, kept), *self._give(item)]
        if said:
            told_all = (*item.decision.answer.coupons, *said)
            item.decision.answer = replace(item.decision.answer, coupons=told_all)

    def _end(self, quote: UUID, *, confirmed: bool) -> list[Use]:
        """A quote's promise is over: what it kept is free, or is used now."""
        kept = self.uses.pop(quote)
        self.writes.ended.append(quote)
        for use in kept:
            self.desk.book.let_go(use)
        return kept if confirmed else []

    def _take_shown(self, item: Item, kept: list[Use]) -> list[CouponTold]:
        """What was shown and gave something is used; a quote that holds keeps it."""
        case, decision, book = item.case, item.decision, self.desk.book
        assert case is not None and decision is not None and decision.story is not None
        program = case.program
        brought = gave(decision.story, program.coupon_rules)
        for use in kept:
            got = brought.get(use.kind, Gave())
            book.change(use, 1)
            self.writes.added.append(replace(
                use, outcome_id=item.outcome_id, held_until=None, minor=got.minor,
                points=got.points,
            ))  # fmt: skip
        seen = self.seen.get(item.outcome_id, [])
        quote, kinds = isinstance(item.job.ask, Quote), {use.kind for use in kept}
        used = to_use(seen, brought, kept)
        for at in sorted(used):
            if seen[at].kind not in kinds:
                self._use(item, seen[at], brought[seen[at].kind], held=quote)
        receipt = item.receipt
        return list(told(case, receipt, seen, used)) if receipt is not None and seen else []

    def _use(self, item: Item, seen: Seen, got: Gave, *, held: bool) -> None:
        """One use of a coupon, or one that the quote keeps."""
        assert item.decision is not None
        promise = item.decision.promise
        member = self.shown[item.outcome_id].member_id
        until = promise.deadline if held and promise is not None else None
        if held:
            self.desk.book.keep(seen, member, item.outcome_id)
        else:
            self.desk.book.take(seen, member)
        code = seen.row.code if seen.row is not None else None
        self.writes.added.append(
            Use(item.outcome_id, seen.kind, code, member, until, False, got.minor, got.points)
        )

    def _give(self, item: Item) -> list[CouponTold]:
        """Codes for the coupons that rules gave, told now and to their member only."""
        case, story = item.case, item.decision and item.decision.story
        if case is None or case.owner is None or not story or isinstance(item.job.ask, Quote):
            return []
        said = []
        day = item.day
        assert day is not None, "a receipt or an event has a day"
        for (kind, rule), pieces in given(story, case.program).items():
            coupon = case.program.coupons[kind]
            if coupon.code is not None:
                said.append(CouponTold(coupon.code, "given", kind, ends=coupon.ends))
                continue
            ends, own = coupon.ends, last_day(coupon, day)
            told_last = min((each for each in (ends, own) if each is not None), default=None)
            self.writes.uses[kind] = coupon.uses
            for _ in range(pieces):
                number, code = fresh_code()
                self.writes.given.append(
                    Given(code, kind, case.owner.member_id, item.outcome_id, rule, own)
                )
                said.append(CouponTold(codes.spelled(number), "given", kind, ends=told_last))
        return said

    def _take_back(self, item: Item) -> list[CouponTold]:
        """Of a return: uses whose every effect is gone are back; what it was given for is void."""
        sold, decision, case = item.sold, item.decision, item.case
        assert sold is not None and decision is not None and case is not None
        assert decision.story is not None, "a return has what is left"
        left, said = gave(decision.story, sold.program.coupon_rules), []
        for use in self.uses.get(sold.row.id, ()):
            got = left.get(use.kind)
            now = replace(use, back=got is None, minor=got.minor if got else 0,
                          points=got.points if got else 0)  # fmt: skip
            if now.back != use.back:
                coupon = sold.program.coupons.get(use.kind)
                self.desk.book.change(use, -1 if now.back else 1)
                said.append(CouponTold(_end_of(use, coupon), self._after(now), use.kind))
            if now != use:
                self.writes.changed.append(now)
        before = given(decision.before, sold.program) if decision.before is not None else {}
        for row in self._void(sold.row.id, before, given(decision.story, sold.program)):
            why = say_in(case.tongue, TEXTS["owed"], {}, "") if row.owed else ""
            code = codes.ending(unveiled([row.code])[0])
            said.append(CouponTold(code, _standing(row) or "given", row.kind, why))
        return said

    def _after(self, use: Use) -> State:
        """What is told of a use that a return changes: what ended meanwhile is not good again."""
        row = self.desk.book.rows.get(use.code) if use.code is not None else None
        return (row and _standing(row)) or ("back" if use.back else "accepted")

    def _void(self, sale: UUID, before: Pieces, left: Pieces) -> Iterator[Row]:
        """The coupons of a sale that change, so that as many are good as it still gives.

        What the office made void is not good again because the sale gives as many as before.
        """
        book = self.desk.book
        some: dict[tuple[str, str], list[UUID]] = {}
        for each in self.given.get(sale, ()):
            some.setdefault((each.kind, each.rule), []).append(each.code)
        for key, mine in some.items():
            good = [code for code in mine if _standing(book.rows[code]) is None]
            gone = [code for code in mine if code not in good]
            over = len(good) - left.get(key, 0)
            for code in sorted(good, key=lambda code: book.used[code] > 0)[: max(over, 0)]:
                yield book.end(code)
            more = left.get(key, 0) - before.get(key, 0)
            for code in gone[: max(min(-over, more), 0)]:
                yield book.revive(code)

    async def write(self, conn: db.Conn) -> None:
        """Counts, uses, codes that were given."""
        todo, now = self.writes, self.batch.now
        if todo.ended:
            await coupons_db.end_holds(conn, todo.ended)
        if todo.added:
            await coupons_db.add_uses(conn, todo.added, now)
        if todo.changed:
            await coupons_db.save_uses(conn, todo.changed, now)
        await self.desk.write(conn)  # after the uses: a count that begins waits for them
        if todo.given:
            batches = await coupons_db.given_batches(conn, todo.uses, now)
            await coupons_db.add_given(conn, todo.given, batches, now)


def _standing(row: Row) -> State | None:
    """Whether what a code was given for came back; None: no."""
    return "owed" if row.owed else "void" if row.void else None


def _end_of(use: Use, coupon: Coupon | None) -> str:
    """What is told of a code that comes back: its end, or the word."""
    if use.code is not None:
        return codes.ending(unveiled([use.code])[0])
    return (coupon.code if coupon is not None else None) or ""
