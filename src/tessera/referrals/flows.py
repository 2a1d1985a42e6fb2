"""Somebody brings somebody; what is due is paid to both, what is not any more is taken back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tessera.base.clock import local
from tessera.base.ids import new_id
from tessera.budgets.apart import flows as apart
from tessera.budgets.apart.core import Wanted
from tessera.budgets.core import Place
from tessera.ledger import core as ledger
from tessera.ledger import db as ledger_db
from tessera.ledger.core import MAIN, Life, Stamp, Wallet, giving
from tessera.ledger.core.ripening import earn
from tessera.ledger.giving import db as giving_db
from tessera.members import db as members_db
from tessera.members.core import Member
from tessera.members.likeness import db as likeness_db
from tessera.members.likeness.core.scoring import likeness
from tessera.members.privacy import db as people_db
from tessera.referrals import core, db
from tessera.referrals.core import Brought, Payment
from tessera.rules.core.budgets import Budget, Draw, of_referrals
from tessera.rules.core.referral import Referral

HOUSE = UUID(int=1)  # who does what nobody has asked for
_TRIES = 5  # codes that are drawn until one is nobody's


class Sides(Struct, frozen=True):
    """Who brings and who was brought, None for who is erased; their wallets, locked."""

    members: tuple[Member | None, Member | None]
    wallets: dict[UUID, Wallet]


class Terms(Struct, frozen=True):
    """What the program says now. referral: None where nobody is brought any more.

    budgets  its ceilings; worth_x100: what a point costs, in hundredths of a minor unit
    """

    referral: Referral | None
    life: Life
    time_zone: str
    budgets: Mapping[str, Budget] = {}
    worth_x100: int = 0


async def own_code(conn: db.Conn, member: Member, now: datetime) -> str:
    """By which word a member brings others; drawn when it is first asked for."""
    ids = await people_db.numbers(conn, member.id)
    for _ in range(_TRIES):
        known = await db.code_of(conn, ids)
        if known is not None:
            return known
        drawn = "".join(secrets.choice(core.LETTERS) for _ in range(core.LENGTH))
        await db.add_code(conn, member.id, drawn, now)
    raise AssertionError("no word of 63 random bits is somebody's five times")


async def brought(
    conn: db.Conn, code: str, referee_id: UUID, terms: Referral, now: datetime, *, new: bool
) -> Brought | None:
    """Who has just joined was brought by whoever has this code, or says so.

    new    the newcomer had no history here
    shape  None: nobody has that code, or is behind it any more, or the newcomer was brought before
    """
    referrer_id = await db.whose(conn, code)
    if referrer_id is None:
        return None
    found = await members_db.some_members(conn, [referrer_id, referee_id])
    one, other = found.get(referrer_id), found.get(referee_id)
    if one is None or other is None or one.erased_at is not None or one.id == other.id:
        return None
    why = "known" if not new else await _fault(conn, one.id, other.id) or ""
    made = core.begun(new_id(), (one.id, other.id), terms, now, why)
    return made if await db.add(conn, made) else None


async def _fault(conn: db.Conn, referrer_id: UUID, referee_id: UUID) -> core.Fault | None:
    """Why nothing is ever paid for this pair."""
    numbers = [await people_db.numbers(conn, each) for each in (referrer_id, referee_id)]
    accounts = [
        [each.id for each in await people_db.accounts(conn, ids)] for ids in numbers
    ]  # fmt: skip
    people = await likeness_db.known(conn, [referrer_id, referee_id])
    likely: list[str] = []
    if len(people) == 2:
        alike = likeness(people[0].looks(), people[1].looks())
        same = [each.field for each in alike.evidence if each.says == "same"]
        likely = [each for each in same if alike.grade == "likely" or each in ("email", "phone")]
    pairs = (numbers[0], numbers[1]), (accounts[0], accounts[1])
    fault = core.fault_between(*pairs, likely)
    if fault is None and set(numbers[1]) & set(await db.above(conn, numbers[0])):
        return "ring"
    return fault


# The queue ---------------------------------------------------------------------------------------


async def settle(
    conn: db.Conn, referral_id: UUID, terms: Terms, now: datetime
) -> Payment | None:  # fmt: skip
    """Pay what is due, take back what is not due any more; the caller commits each by itself.

    Accounts are locked in the order of ids, then the referral: as a till does.

    shape   None: there was nothing to do, or nothing is to be paid
    errors  `ledger.db.Joined` and others of the driver: roll back, at the next turn it is done
    """
    one = await db.read(conn, referral_id)
    if one is None:
        return None
    found = await members_db.some_members(conn, [one.referrer_id, one.referee_id])
    alive = _alive(found.get(one.referrer_id)), _alive(found.get(one.referee_id))
    ids = sorted({each.account_id for each in alive if each is not None})
    wallets, _ = await ledger_db.lock(conn, ids) if ids else ({}, [])
    sides = Sides(alive, wallets)
    held = await db.lock(conn, referral_id)
    assert held is not None, "referrals are not deleted"
    if held.payment_id is None and held.due_at is not None and held.due_at <= now:
        if held.refused:
            return None
        why = await _fault_now(conn, held, sides)
        if why is not None:
            await db.refuse(conn, held.id, why)
            return None
        await ledger_db.load_lots(conn, wallets, ids, [])
        return await _pay(conn, held, sides, terms, now)
    if held.payment_id is not None and held.due_at is None:
        paid = await db.payment(conn, held.payment_id)
        return await _take_back(conn, held, paid, sides, terms, now)
    return None


def _alive(member: Member | None) -> Member | None:
    return member if member is not None and member.erased_at is None else None


async def _fault_now(conn: db.Conn, one: Brought, sides: Sides) -> core.Fault | None:
    referrer, referee = sides.members
    if referee is None:  # who joins again under another number is nobody that can be told
        return "erased"
    same = await people_db.numbers(conn, referee.id)
    if await db.paid_for(conn, same, one.id):
        return "again"
    return None if referrer is None else await _fault(conn, referrer.id, referee.id)


async def _pay(
    conn: db.Conn, one: Brought, sides: Sides, terms: Terms, now: datetime
) -> Payment:  # fmt: skip
    referrer, referee = sides.members
    most = (0, "") if referrer is None else (one.referrer_points, "")
    if referrer is not None and terms.referral is not None:
        ids = await people_db.numbers(conn, referrer.id)
        before = await db.paid_since(conn, ids, core.period_start(terms.referral, now))
        most = core.trimmed(terms.referral, one.referrer_points, before)
    wished = (most[0], 0 if referee is None else one.referee_points)
    new = (new_id(), new_id())
    points = await _drawn(conn, sides, list(zip(new, wished, strict=True)), terms, now)
    done: list[UUID | None] = []
    for member, id_, some in zip(sides.members, new, points, strict=True):
        if member is None or not some:
            done.append(None)
            continue
        wallet = sides.wallets[member.account_id]
        stamp = Stamp(id_, now, now)
        giving.wake(wallet, stamp, terms.life)
        life = giving.fresh(wallet, stamp, terms.life, terms.time_zone, new_id, now)
        earn(wallet, stamp, new_id(), some, life)
        await giving_db.add_operation(conn, _row(stamp, wallet, "", 0, some))
        done.append(id_)
    await _save(conn, sides.wallets, now)
    why = most[1] or (core.USED_UP if points != wished else "")
    made = Payment(new_id(), one.id, None, points[0], points[1], done[0], done[1], why, now)
    await db.pay(conn, made)
    return made


async def _drawn(
    conn: db.Conn, sides: Sides, wished: list[tuple[UUID, int]], terms: Terms, now: datetime
) -> tuple[int, int]:
    """What the budgets leave of (operation, points) for each side; the newcomer goes first."""
    budgets, day = of_referrals(terms.budgets), local(now, terms.time_zone).date()
    one = Draw(terms.worth_x100, 1, 0)
    wanted = [
        Wanted(
            id_, budgets, Place(day, "", "", member.id.hex if member else ""), one, some,
            "marketing",
        ) for member, (id_, some) in zip(sides.members, wished, strict=True)
    ]  # fmt: skip
    if not budgets:
        return wished[0][1], wished[1][1]
    desk = await apart.sit_down(conn, wanted, now)
    referee = desk.take(wanted[1])
    referrer = desk.take(wanted[0])
    await apart.write(conn, desk, now)
    return referrer, referee


async def _take_back(
    conn: db.Conn, one: Brought, paid: Payment, sides: Sides, terms: Terms, now: datetime
) -> Payment:
    """Both give back what they got: what is left of it, other points if allowed, then debt."""
    of = (paid.referrer_operation, paid.referee_operation)
    outcomes = [each for each in of if each is not None]
    wallets = sides.wallets
    moves = await ledger_db.load_lots(conn, wallets, list(wallets), outcomes)
    points, done = [0, 0], list[UUID | None]((None, None))
    each_side = zip(sides.members, of, (paid.referrer_points, paid.referee_points), strict=True)
    for at, (member, operation, some) in enumerate(each_side):
        if member is None or operation is None or not some:
            continue
        id_, wallet = new_id(), wallets[member.account_id]
        stamp = Stamp(id_, now, now)
        gone = ledger.expired_of(wallet, moves.get(wallet.account_id, ()), {operation})
        ledger.take_back(
            wallet, stamp, {operation}, some, terms.life.clawback_other_lots, gone
        )  # fmt: skip
        await giving_db.add_operation(conn, _row(stamp, wallet, "returned", some, 0))
        points[at], done[at] = some, id_
    await _save(conn, sides.wallets, now)
    await apart.give_back(conn, outcomes, terms.budgets, now)
    made = Payment(new_id(), one.id, paid.id, points[0], points[1], done[0], done[1], "", now)
    await db.pay(conn, made)
    return made


async def _save(conn: db.Conn, wallets: dict[UUID, Wallet], now: datetime) -> None:
    changed = [each for each in wallets.values() if each.changed()]
    if changed:
        await ledger_db.save(conn, changed, now)


def _row(stamp: Stamp, wallet: Wallet, reason: str, out: int, into: int) -> giving_db.Row:
    """The operation of one side: points that go out, or come."""
    return giving_db.Row(
        id=stamp.outcome_id, kind="referral", account_id=wallet.account_id, currency=MAIN,
        points=out, to_account_id=wallet.account_id if into else None, to_currency=MAIN,
        to_points=into, reason=reason, principal_id=HOUSE, happened_at=stamp.happened_at,
        posted_at=stamp.posted_at,
    )  # fmt: skip
