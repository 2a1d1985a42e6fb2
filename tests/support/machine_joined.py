"""The shop driven at random, where members send points, are one, share an account, are erased.

The model knows sums only. Where two are parted after something was spent or earned it asks the
house how much each has, and holds it to the sum; with nothing in between, to what each had.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from support.machine import PICK, PROGRAM, Machine, baskets, to_pay
from support.machine_model import Bought, Person
from support.shop import sale
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout.flows.reading import account_balance
from tessera.identity.households import flows as households
from tessera.identity.privacy import flows as privacy
from tessera.identity.privacy.core import Asking, Erased
from tessera.ledger.giving import flows as giving
from tessera.members import db as members_db
from tessera.members.households.core import Household, Households
from tessera.warehouse.core import Identifier, Line

OFFERED = PROGRAM | {"transfers": {"transfer": {}}}


@dataclass(slots=True)
class Merged:
    """Two that are one, and what they were."""

    id: UUID
    stays: Person
    gone: Person
    balances: tuple[int, int]
    registered: tuple[bool, bool]
    seen: tuple[bool, bool]
    deeds: int


class JoinedMachine(Machine):
    """People of one example, who may turn out to be one."""

    def __init__(self) -> None:
        super().__init__()
        self.merged: list[Merged] = []
        self.deeds = 0  # calls and transfers: whether anything happened in between
        self.erased: list[tuple[Person, UUID]] = []  # who was, and under which account

    def roots(self) -> list[Person]:
        return [each for each in self.model.people if each.into is None and each.seen]

    @precondition(lambda self: len(self.roots()) > 1)
    @rule(pick=PICK, other=PICK, points=st.integers(1, 200))
    def points_are_sent(self, pick: int, other: int, points: int) -> None:
        roots = self.roots()
        sender = roots[pick % len(roots)]
        receiver = [each for each in roots if each is not sender][other % (len(roots) - 1)]
        spare = self.free(sender) - self.run(self.shop.balance(sender.card)).debt
        done = self.run(self.sent(sender, receiver, points))
        assert isinstance(done, Refusal) == (points > max(spare, 0)), (done, points, spare)
        if not isinstance(done, Refusal):
            self.deeds += 1
            sender.balance -= points
            receiver.balance += points
            sender.mixed = receiver.mixed = True

    async def sent(self, sender: Person, receiver: Person, points: int) -> Any:
        now = datetime.now(UTC)
        ways = self.shop.house.shop().program.ways
        accounts = [await self.shop.account(each.card) for each in (sender, receiver)]
        assert accounts[0] is not None and accounts[1] is not None
        async with self.shop.house.pool.connection() as conn:
            done = await giving.send(
                conn, giving.Ask(new_id(), UUID(int=8), now, ways),
                giving.Sent("transfer", accounts[0], accounts[1], "", points),
            )  # fmt: skip
            # No call asked for it, which the proof would rightly miss: it is asked for here.
            if isinstance(done, Refusal):
                await conn.rollback()
            else:
                await conn.execute(
                    "INSERT INTO access.request (principal_id, key, operation, fingerprint,"
                    " outcome_id, posted_at) VALUES (%s, %s, 'transfer.send', '', %s, %s)",
                    (UUID(int=8), str(done.id), done.id, now),
                )
        return done

    @precondition(lambda self: len(self.roots()) > 1)
    @rule(pick=PICK, other=PICK)
    def two_are_one(self, pick: int, other: int) -> None:
        roots = self.roots()
        stays = roots[pick % len(roots)]
        gone = [each for each in roots if each is not stays][other % (len(roots) - 1)]
        done = self.run(self.shop.merge(stays.card, gone.card))
        if self.model.held(gone):
            assert isinstance(done, Refusal) and done.code == "open_holds"
            return
        assert isinstance(done, UUID), done
        before = self.deeds + self.count
        self.merged.append(
            Merged(done, stays, gone, (stays.balance, gone.balance),
                   (stays.registered, gone.registered), (stays.seen, gone.seen), before)
        )  # fmt: skip
        stays.registered = stays.registered or gone.registered
        stays.balance, gone.balance, gone.into = stays.balance + gone.balance, 0, stays

    @precondition(lambda self: self.merged)
    @rule(pick=PICK)
    def they_were_two(self, pick: int) -> None:
        merge = self.merged[pick % len(self.merged)]
        done = self.run(self.shop.unmerge(merge.id))
        later = self.merged[self.merged.index(merge) + 1 :]
        if merge.stays.into is not None or any(each.stays is merge.stays for each in later):
            assert done is not None and done.code == "merge_covered"
            return
        if self.model.held(merge.stays):
            assert done is not None and done.code == "open_holds"
            return
        assert done is None, done
        self.merged.remove(merge)
        stays, gone, whole = merge.stays, merge.gone, merge.stays.balance
        gone.into = None
        stays.registered, gone.registered = merge.registered
        has = [self.run(self.shop.balance(each.card)).balance for each in (stays, gone)]
        assert sum(has) == whole, "parting loses nothing"
        if merge.deeds == self.deeds + self.count:
            assert tuple(has) == merge.balances
        else:
            stays.mixed = gone.mixed = True
        stays.balance, gone.balance = has

    @precondition(lambda self: sum(each.registered for each in self.roots()) > 1)
    @rule(pick=PICK, other=PICK, lines=baskets)
    def two_share_an_account_for_a_while(
        self, pick: int, other: int, lines: tuple[Line, ...]
    ) -> None:  # fmt: skip
        people = [each for each in self.roots() if each.registered]
        head = people[pick % len(people)]
        guest = [each for each in people if each is not head][other % (len(people) - 1)]
        if self.model.held(head) or self.model.held(guest):
            return
        home = self.run(self.at_home(head, guest))
        both = head.balance + guest.balance
        assert self.run(self.shop.balance(guest.card)).balance == both
        ask = sale(guest.card, *lines)
        said = self.send(ask)
        assert said.balance == both + said.answer.points_earned
        units = [each.quantity for each in lines]
        assert said.answer.to_pay_minor == to_pay(lines, units, True)
        had = self.run(self.apart(home, guest, head))
        assert sum(had) == both + said.answer.points_earned
        self.model.sales.append(Bought(ask, head, units, said.answer.points_earned, 0))
        head.balance, guest.balance = had
        head.mixed = guest.mixed = True
        self.deeds += 1

    def alone(self) -> list[Person]:
        """Who can go without anybody asking for them later, but the first of the shop."""
        busy = {id(each) for merge in self.merged for each in (merge.stays, merge.gone)}
        busy |= {id(promise.person.own) for promise in self.model.promises}
        busy |= {id(each) for each in self.model.people[:1]}
        return [each for each in self.roots() if id(each) not in busy]

    @precondition(lambda self: self.alone())
    @rule(pick=PICK, lines=baskets)
    def somebody_is_erased(self, pick: int, lines: tuple[Line, ...]) -> None:
        """The points stay in the books; the card, used again, begins with nothing."""
        some = self.alone()
        person = some[pick % len(some)]
        account = self.run(self.shop.account(person.card))
        done = self.run(self.forgotten(person))
        assert isinstance(done, Erased) and not done.again, done
        self.shop.accounts.clear()
        self.model.people[:] = [each for each in self.model.people if each is not person]
        self.erased.append((person, account))
        self.is_told(person)
        anew = Person(person.card, False, False)
        self.model.people.append(anew)
        assert self.buy(anew, sale(anew.card, *lines)).balance == anew.balance

    async def forgotten(self, person: Person) -> Any:
        member, now = await self.member(person), datetime.now(UTC)
        asking = Asking("member", "asked", None, self.shop.house.lives(now), UUID(int=8), new_id())
        async with self.shop.house.pool.connection() as conn:
            return await privacy.erase(conn, member, asking, now)

    def is_told(self, person: Person) -> None:
        """Of who was erased the books still tell what is owed."""
        account = next((under for each, under in self.erased if each is person), None)
        if account is None:
            super().is_told(person)
        else:
            told = self.run(self.balance_of(account))
            assert told.balance == person.balance == told.available - told.debt

    async def balance_of(self, account: UUID) -> Any:
        async with self.shop.house.pool.connection() as conn:
            return await account_balance(conn, account, datetime.now(UTC))

    def teardown(self) -> None:
        """With who was erased: their returns come back too, and nothing is lost or won."""
        self.model.people.extend(person for person, _ in self.erased)
        super().teardown()

    async def at_home(self, head: Person, guest: Person) -> UUID:
        ids = [await self.member(each) for each in (head, guest)]
        there = await self.office(lambda conn, ask: households.found(conn, ask, ids[0]))
        asked = await self.office(
            lambda conn, ask: households.invite(conn, ask, there.id, ids[1], "member", None)
        )
        await self.office(lambda conn, ask: households.answer(conn, ask, asked.id, accept=True))
        return there.id

    async def apart(self, home: UUID, guest: Person, head: Person) -> list[int]:
        """The guest leaves, then the head; what each has."""
        for each in (guest, head):
            member = await self.member(each)
            done = await self.office(partial(self._leave, home, member))
            assert isinstance(done, Household)
        return [(await self.shop.balance(each.card)).balance for each in (head, guest)]

    async def _leave(self, home: UUID, member: UUID, conn: Any, ask: households.Ask) -> Any:
        return await households.leave(conn, ask, home, member)

    async def office(self, work: Any) -> Any:
        now = datetime.now(UTC)
        ask = households.Ask(
            new_id(), UUID(int=8), None, now, Households(), self.shop.house.lives(now)
        )
        async with self.shop.house.pool.connection() as conn:
            done = await work(conn, ask)
        assert not isinstance(done, Refusal), done
        self.shop.accounts.clear()
        return done

    async def member(self, person: Person) -> UUID:
        async with self.shop.house.pool.connection() as conn:
            found = await members_db.find(conn, Identifier("card", person.card))
        assert found is not None
        return found.owner.member_id
