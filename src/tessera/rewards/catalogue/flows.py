"""What happens to rewards and claims; each in the transaction of whoever calls.

Order of locks: the claim, the accounts, the coupon or the reward, the pool, the
counters of budgets. A refusal has written nothing once the door has rolled back.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from psycopg.errors import SerializationFailure

from tessera.access.sealing import flows as sealing
from tessera.base.clock import day_start, local
from tessera.base.refusal import Refusal
from tessera.budgets.apart import flows as budgets
from tessera.budgets.apart.core import Wanted
from tessera.budgets.core import Place
from tessera.ledger import db as ledger_db
from tessera.ledger.core import EPOCH
from tessera.ledger.giving import claims as points
from tessera.ledger.giving.db import Row
from tessera.ledger.giving.flows import Ask
from tessera.rewards.catalogue import core, db
from tessera.rewards.catalogue.core import Claim, Did, Reward, Step
from tessera.rewards.coupons.claimed import flows as claimed
from tessera.rewards.pools import db as pools
from tessera.rewards.pools import flows as pool_flows
from tessera.rules.core.budgets import MOST_X100, Budget, Draw, of_claims
from tessera.rules.core.coupons import Coupon
from tessera.rules.core.facts import period_start


class By(Struct, frozen=True):
    """Who does it, when, under which id; where days begin; how long late points live.

    store, reason  are written down with it
    coupons        the kinds of the program; budgets: its ceilings
    """

    ask: Ask
    zone: str
    grace_days: int
    store: str = ""
    reason: str = ""
    coupons: Mapping[str, Coupon] = {}
    budgets: Mapping[str, Budget] = {}

    @property
    def now(self) -> datetime:
        """When it is done."""
        return self.ask.now


class Who(Struct, frozen=True):
    """Who claims: the member, every number of the person, the account that pays."""

    member_id: UUID
    ids: Sequence[UUID]
    account_id: UUID


# Claiming ----------------------------------------------------------------------------------------


async def claim(
    conn: db.Conn, by: By, code: str, who: Who, fits: Callable[[Reward], bool]
) -> Claim | Refusal:
    """A member takes a reward: points, piece and code in this transaction.

    fits    whether it is for this member
    errors  reward_unknown, reward_not_offered, reward_not_yours, points_short, reward_limit,
            reward_gone, reward_spent, coupon_unknown; SerializationFailure: it was changed in the
            same moment, do it again
    """
    reward = await db.reward(conn, code, by.now)
    if reward is None or reward.state == "draft":
        return unknown(code)
    if not reward.open(by.now):
        return Refusal("reward_not_offered", "reward", "this reward cannot be had now",
                       "look at what is offered")  # fmt: skip
    if not fits(reward):
        return Refusal("reward_not_yours", "reward", "this reward is for other members",
                       "look at what is offered to you")  # fmt: skip
    refusal = await _pay(conn, by, reward, who) or await _limit(conn, by, reward, who)
    refusal = refusal or await _take(conn, by, reward)
    return refusal or await _begin(conn, by, reward, who)


def unknown(code: str) -> Refusal:
    """There is no such reward, or nobody is to know of it."""
    return Refusal("reward_unknown", "reward", f"there is no reward {code}", "check its code")


async def _pay(conn: db.Conn, by: By, reward: Reward, who: Who) -> Refusal | None:
    """The account is locked, whatever it pays: limits are counted behind it."""
    terms = reward.terms
    if not terms.points:
        await ledger_db.lock(conn, [who.account_id])
        return None
    paid = await points.pay(conn, by.ask, who.account_id, terms.currency, terms.points)
    return paid if isinstance(paid, Refusal) else None


async def _limit(conn: db.Conn, by: By, reward: Reward, who: Who) -> Refusal | None:
    had = await had_of(conn, who.ids, [reward], by.zone, by.now)
    today = local(by.now, by.zone).date()
    return core.limit_fault(reward.terms, had.get(reward.code, 0), today)


async def had_of(
    conn: db.Conn, ids: Sequence[UUID], rewards: Sequence[Reward], zone: str, now: datetime
) -> dict[str, int]:
    """{reward: how many a person has had in its period}, of those with a limit."""
    since = {}
    for each in rewards:
        if each.terms.most is not None:
            first = period_start(each.terms.per, local(now, zone).date())
            since[each.code] = EPOCH if first is None else day_start(first, zone)
    return await db.had(conn, ids, since) if since else {}


async def _take(conn: db.Conn, by: By, reward: Reward) -> Refusal | None:
    if await db.take(conn, reward.code, reward.changed_at):
        return None
    there = await db.reward(conn, reward.code, by.now)
    if there is None or there.changed_at != reward.changed_at:
        raise SerializationFailure("the reward was changed meanwhile")
    return gone()


def gone() -> Refusal:
    """There is none left."""
    return Refusal("reward_gone", "reward", "there is none left", "choose another, or wish for it")


async def _begin(conn: db.Conn, by: By, reward: Reward, who: Who) -> Claim | Refusal:
    terms, code = reward.terms, core.code_of(secrets.randbits(core.CHANCE_BITS))
    sealed = await sealing.seal(conn, who.member_id, code.encode())
    made = Claim(
        id=by.ask.id, reward=reward.code, kind=terms.kind, member_id=who.member_id,
        account_id=who.account_id, state="reserved", currency=terms.currency, points=terms.points,
        money_minor=terms.money_minor, cost_minor=terms.cost_minor, funding=terms.funding,
        partner=terms.partner, sent=terms.sent, mark=core.mark_of(code), sealed=sealed,
        claimed_at=by.now, changed_at=by.now,
    )  # fmt: skip
    await db.add_claim(conn, made)
    code_ends = None
    if terms.pool:
        found = await pools.reserve(conn, terms.pool, made.id, by.now)
        if found is None:
            return gone()
        (code_ends,) = found
    if terms.coupon:
        ends = await _bring(conn, by, made, terms.coupon)
        if isinstance(ends, Refusal):
            return ends
        code_ends = ends
    fresh = core.begun(made, terms, code_ends)
    await db.unwish(conn, who.ids, reward.code)
    kept = await _keep(conn, by, fresh, "claimed")
    return await _draw(conn, by, reward, who.member_id) or kept


def drawing(
    source: UUID, reward: Reward, place: Place, ceilings: Mapping[str, Budget]
) -> Wanted:  # fmt: skip
    """What a claim of a reward draws on the program's budgets: its cost, one piece."""
    one = Draw(min(reward.terms.cost_minor * 100, MOST_X100), 0, 1)
    mine = of_claims(ceilings, reward.code)
    return Wanted(source, mine, place, one, 1, reward.terms.funding)


async def _draw(conn: db.Conn, by: By, reward: Reward, member_id: UUID) -> Refusal | None:
    place = Place(local(by.now, by.zone).date(), by.store, "", member_id.hex)
    wanted = drawing(by.ask.id, reward, place, by.budgets)
    if not wanted.budgets:
        return None
    desk = await budgets.sit_down(conn, [wanted], by.now)
    if not desk.take(wanted):
        return Refusal(
            "reward_spent", "reward", "as many as may be given in this time are given",
            "come back later, or choose another one",
        )  # fmt: skip
    await budgets.write(conn, desk, by.now)
    return None


async def _bring(
    conn: db.Conn, by: By, claim: Claim, kind: str
) -> datetime | Refusal | None:  # fmt: skip
    """A coupon of the member's own: until when it is good; None: no end is known."""
    coupon = by.coupons.get(kind)
    if coupon is None or coupon.code is not None:
        return _no_kind(kind)
    on = local(by.now, by.zone).date()
    last = await claimed.mint(conn, claim.id, claim.member_id, (kind, coupon), on, by.now)
    return None if last is None else day_start(last + timedelta(days=1), by.zone)


def _no_kind(kind: str) -> Refusal:
    return Refusal(
        "coupon_unknown", "reward", f"the program has no coupons {kind} with codes of their own",
        "declare it under `coupons`, or end this reward",
    )  # fmt: skip


async def _keep(conn: db.Conn, by: By, claim: Claim, did: Did) -> Claim:
    now = replace(claim, changed_at=by.now)
    await db.save_claim(conn, now)
    who = by.ask.person if did != "expired" else None
    step = Step(did, now.state, by.now, who, by.store, by.reason)
    await db.add_step(conn, claim.id, step)
    return now


# What becomes of a claim -------------------------------------------------------------------------


async def find(conn: db.Conn, code: str) -> Claim | Refusal:
    """The claim that a code is of, in whatever state. Errors: claim_unknown."""
    plain = core.normal(code)
    id_ = None if plain is None else await db.marked(conn, core.mark_of(plain))
    found = None if id_ is None else await db.claim(conn, id_)
    return found or no_claim()


def no_claim() -> Refusal:
    """There is no such claim, or it is none of theirs who ask."""
    return Refusal("claim_unknown", "claim", "there is no such claim", "scan the code once more")


async def hand_over(
    conn: db.Conn, by: By, claim_id: UUID, paid: bool
) -> Claim | Refusal:  # fmt: skip
    """It is fetched at a counter, or used once more. Errors: of `core.handed_over`, claim_unknown.

    paid  the money that was still to come was taken
    """
    found = await db.lock_claim(conn, claim_id)
    if found is None:
        return no_claim()
    after = core.handed_over(found, by.now, paid)
    if isinstance(after, Refusal):
        return after
    if after.paid_at != found.paid_at:
        await _keep(conn, by, replace(found, paid_at=after.paid_at), "paid")
    return await _keep(conn, by, after, "used" if found.kind == "privilege" else "handed_over")


async def pay_money(conn: db.Conn, by: By, claim_id: UUID) -> Claim | Refusal:
    """The money was paid. Errors: claim_unknown, claim_closed, claim_paid."""
    found = await db.lock_claim(conn, claim_id)
    if found is None:
        return no_claim()
    reward = await db.reward(conn, found.reward, by.now)
    assert reward is not None, "a claim is of a reward"
    code = await pools.of_claim(conn, claim_id)
    after = core.paid(found, by.now, reward.terms, code[2] if code else None)
    return after if isinstance(after, Refusal) else await _keep(conn, by, after, "paid")


async def send(conn: db.Conn, by: By, claim_id: UUID) -> Claim | Refusal:
    """Goods are on their way. Errors: claim_unknown, claim_closed, claim_not_sent, claim_unpaid."""
    found = await _open(conn, by, claim_id)
    if isinstance(found, Refusal):
        return found
    if found.kind != "goods" or not found.sent or found.state == "issued":
        return Refusal("claim_not_sent", "", "this is not to be sent, or was sent already",
                       "look at what happened to it")  # fmt: skip
    if found.owed_minor:
        return Refusal("claim_unpaid", "", "it is still to be paid", "mark it as paid first")
    return await _keep(conn, by, replace(found, state="issued"), "sent")


async def reveal(conn: db.Conn, by: By, claim_id: UUID) -> tuple[Claim, str] | Refusal:
    """The member reads the code of somebody else's that is his; from now on it was seen.

    errors  claim_unknown, claim_closed, claim_unpaid, claim_not_here
    """
    found = await db.lock_claim(conn, claim_id)
    if found is None or found.kind != "code":
        return no_claim()
    if found.revealed_at is None:
        fault = core.closed(found, by.now)
        if fault is not None:
            return fault
        if found.owed_minor:
            return Refusal("claim_unpaid", "", "it is still to be paid", "pay for it at the till")
        found = await _keep(conn, by, replace(found, revealed_at=by.now), "revealed")
    code = await pool_flows.read(conn, claim_id)
    return no_claim() if code is None else (found, code)


async def cancel(
    conn: db.Conn, by: By, claim_id: UUID, *, alone: bool
) -> Claim | Refusal:  # fmt: skip
    """It is given back: points to their lots, the piece to the stock, an unseen code to its pool.

    alone   the member does it: only what was not paid with money, seen, used or sent
    errors  claim_unknown, claim_closed, claim_stays; of a coupon: claim_used, claim_kept
    """
    found = await db.lock_claim(conn, claim_id)
    if found is None:
        return no_claim()
    fault = core.closed(found, by.now)  # by its time, not by when somebody comes to end it
    if fault is not None:
        return fault
    if alone and not core.lets_go(found):
        return Refusal("claim_stays", "", "this was seen, used, paid or sent already",
                       "ask in the shop")  # fmt: skip
    return await _undo(conn, by, found, "cancelled")


async def expire(conn: db.Conn, by: By, claim_id: UUID) -> Claim | None:
    """Its time is over: what was not paid for is undone, what was not fetched is gone."""
    found = await db.lock_claim(conn, claim_id)
    if found is None or found.state not in core.OPEN:
        return None
    if found.ends_at is None or found.ends_at > by.now:
        return None
    if found.owed_minor:
        undone = await _undo(conn, by, found, "expired")
        assert isinstance(undone, Claim), "nothing came with it yet"
        return undone
    if found.kind == "coupon":
        left = await claimed.take_back(conn, found.id, by.now)
        if left == "held":
            return None
        if left == "used":
            return await _keep(conn, by, replace(found, state="used", ends_at=None), "used")
    if not core.gone(found):
        await db.put_back(conn, found.reward)
    if found.kind in ("goods", "coupon"):  # a code of others was bought, a privilege was there
        await budgets.give_back(conn, [found.id], by.budgets, by.now)
    return await _keep(conn, by, replace(found, state="expired"), "expired")


async def _undo(conn: db.Conn, by: By, claim: Claim, did: Did) -> Claim | Refusal:
    back = None
    if claim.points:
        paid = Row(
            id=claim.id, kind="claim", account_id=claim.account_id, currency=claim.currency,
            points=claim.points, principal_id=by.ask.principal_id, happened_at=claim.claimed_at,
            posted_at=claim.claimed_at,
        )  # fmt: skip
        back = (await points.pay_back(conn, by.ask, paid, by.grace_days)).id
    if claim.kind == "coupon" and claim.state == "issued":
        fault = await _no_coupon(conn, by, claim)
        if fault is not None:
            return fault
    lost = core.gone(claim)
    if claim.revealed_at is None and claim.kind == "code":
        await pools.free(conn, claim.id)
    if not lost:
        await db.put_back(conn, claim.reward)
        await budgets.give_back(conn, [claim.id], by.budgets, by.now)
    state: core.ClaimState = "expired" if did == "expired" else "cancelled"
    owed_minor = claim.cost_minor if lost else 0
    after = replace(claim, state=state, back_id=back, receivable_minor=owed_minor)
    return await _keep(conn, by, after, did)


async def _no_coupon(conn: db.Conn, by: By, claim: Claim) -> Refusal | None:
    """Its coupon is void, or this is why it cannot be."""
    match await claimed.take_back(conn, claim.id, by.now):
        case "used":
            return Refusal("claim_used", "", "its coupon has been used",
                           "first take back the goods that it was used for")  # fmt: skip
        case "held":
            return Refusal("claim_kept", "", "a purchase that is going on may use its coupon",
                           "wait until that purchase is done")  # fmt: skip
    return None


async def _open(conn: db.Conn, by: By, claim_id: UUID) -> Claim | Refusal:
    found = await db.lock_claim(conn, claim_id)
    if found is None:
        return no_claim()
    return core.closed(found, by.now) or found


async def codes(conn: db.Conn, claims: Sequence[Claim]) -> dict[UUID, str]:
    """{claim: its code} for the member's eyes; of who was erased there is none."""
    asked = [(each.member_id, each.sealed) for each in claims]
    found = await sealing.unseal_many(conn, asked)
    return {
        each.id: plain.decode()
        for each in claims
        if (plain := found[each.member_id, each.sealed]) is not None
    }
