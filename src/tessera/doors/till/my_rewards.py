"""What a member can have for points, has claimed, and wishes for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tessera.base.clock import local
from tessera.base.refusal import Refusal
from tessera.base.text import Code
from tessera.budgets.apart import flows as budgets
from tessera.budgets.core import Place
from tessera.checkout.flows import reading
from tessera.doors.call import Call, Operation
from tessera.doors.pages import QUERY, Page, asked_page, page, uuid_of
from tessera.doors.till.cabinet import gone
from tessera.doors.till.claims import (
    ClaimMade,
    by_of,
    claimed,
    last_day,
    noted,
    program_of,
)
from tessera.doors.till.suiting import fitting
from tessera.members import db as members_db
from tessera.members.core import Member
from tessera.members.households import db as households_db
from tessera.rewards.catalogue import core, db, flows
from tessera.rewards.catalogue.core import Claim, ClaimState, Kind, Privilege, Reward
from tessera.rewards.coupons.claimed import flows as coupons
from tessera.rewards.pools import flows as pools

FEW = 20  # of a stock: more are not told


class MyReward(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A reward that is for me.

    lacking  points that I do not have yet; none: I can afford it
    left     how many there are, once they are few; gone: there is none
    most     that I may have in the period; full: I have had them; again_on: the next one from then
    pay_days the money is to be paid within so many days
    """

    reward: str
    name: str
    kind: Kind
    points: int = 0
    currency: str = ""
    money_minor: int = 0
    words: str = ""
    lacking: int = 0
    left: int | None = None
    gone: bool = False
    wished: bool = False
    picture: str = ""
    ends: datetime | None = None
    privilege: Privilege | None = None
    cause: str = ""
    sent: bool = False
    days: int | None = None
    pay_days: int | None = None
    most: int | None = None
    per: str = ""
    full: bool = False
    again_on: date | None = None
    partner: str = ""


class MyRewards(Struct, frozen=True):
    """What is offered to me, cheapest first; and {currency: my points} to have it for."""

    items: list[MyReward]
    available: dict[str, int]


class TakeReward(Struct, frozen=True, forbid_unknown_fields=True):
    """I take this one."""

    reward: Code


class Wish(Struct, frozen=True, forbid_unknown_fields=True):
    """I wish for this one, or do not any more."""

    reward: Code
    wished: bool = True


class Wished(Struct, frozen=True):
    """What I wish for from now on, the newest first."""

    rewards: list[str]


class MyClaim(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What I have claimed.

    code    shown at the till, where it is fetched or used; a coupon's is typed into the sale
    secret  somebody else's code, once I have asked to see it; sealed: there is one to be seen
    alone   I can give it back myself
    ends_at it is over then; last_day: until which day that is, that day included
    """

    claim_id: str
    reward: str
    name: str
    kind: Kind
    state: ClaimState
    claimed_at: datetime
    points: int = 0
    currency: str = ""
    money_minor: int = 0
    owed_minor: int = 0
    code: str = ""
    secret: str = ""
    sealed: bool = False
    alone: bool = False
    sent: bool = False
    ends_at: datetime | None = None
    last_day: date | None = None
    uses: int = 0
    privilege: Privilege | None = None
    picture: str = ""


async def _me(call: Call) -> Member | Refusal:
    return await members_db.read_member(call.conn, call.principal.id) or gone()


async def _ids(call: Call, member: Member) -> list[Any]:
    return [number for _, number in await households_db.numbers(call.conn, [member.id])]


# The catalogue -----------------------------------------------------------------------------------


async def rewards(call: Call) -> MyRewards | Refusal:
    """GET /v1/me/rewards"""
    member = await _me(call)
    if isinstance(member, Refusal):
        return member
    fits = await fitting(call, member)
    offered = await db.rewards(call.conn, call.now, state="offered")
    there = await reading.balances(call.conn, member.account_id, program_of(call), call.now)
    available = {unit: each.available for unit, each in there.items()}
    ids = await _ids(call, member)
    wishes = await db.wishes(call.conn, ids)
    mine = [each for each in offered if each.open(call.now) and fits(each)]
    spent = await _spent(call, mine, member)
    found = [_shown(each, available, each.code in wishes, _tongue(call, member)) for each in mine]
    found = [replace(each, gone=True) if each.reward in spent else each for each in found]
    found = await _limited(call, mine, found, ids)
    found.sort(key=lambda each: (each.gone, each.points, each.money_minor, each.reward))
    return MyRewards(found, available)


async def _limited(
    call: Call, rewards: list[Reward], told: list[MyReward], ids: list[Any]
) -> list[MyReward]:
    """The same, with what is known of each one's limit."""
    zone = program_of(call).enrolment.time_zone
    had = await flows.had_of(call.conn, ids, rewards, zone, call.now)
    today, found = local(call.now, zone).date(), []
    for reward, each in zip(rewards, told, strict=True):
        terms = reward.terms
        full = core.limit_fault(terms, had.get(reward.code, 0), today) is not None
        again = core.again_on(terms, today) if full else None
        per = terms.per if terms.most is not None else ""
        found.append(replace(each, most=terms.most, per=per, full=full, again_on=again))
    return found


async def _spent(call: Call, rewards: list[Reward], member: Member) -> set[str]:
    """Rewards for which the budgets leave nothing now."""
    program = program_of(call)
    today = local(call.now, program.enrolment.time_zone).date()
    place = Place(today, "", "", member.id.hex)
    wanted = {each.code: flows.drawing(member.id, each, place, program.budgets) for each in rewards}
    desk = await budgets.look(call.conn, list(wanted.values()), call.now)
    return {code for code, each in wanted.items() if not desk.left(each)}


def _tongue(call: Call, member: Member) -> str:
    return call.language or member.language


def _shown(reward: Reward, available: dict[str, int], wished: bool, language: str) -> MyReward:
    terms, left = reward.terms, reward.left
    return MyReward(
        reward=reward.code, name=terms.said("names", language) or reward.code, kind=terms.kind,
        points=terms.points, currency=terms.currency, money_minor=terms.money_minor,
        words=terms.said("words", language), ends=terms.ends, privilege=terms.privilege,
        lacking=max(0, terms.points - available.get(terms.currency, 0)),
        left=left if left is not None and left <= FEW else None, gone=left == 0, wished=wished,
        picture=reward.picture.hex() if reward.picture else "", cause=terms.cause,
        sent=terms.sent, days=terms.days, partner=terms.partner,
        pay_days=terms.pay_days if terms.money_minor else None,
    )  # fmt: skip


async def take(call: Call) -> ClaimMade | Refusal:
    """POST /v1/me/claims"""
    member = await _me(call)
    if isinstance(member, Refusal):
        return member
    return await claimed(call, member, call.body.reward)


async def wish(call: Call) -> Wished | Refusal:
    """POST /v1/me/wishes"""
    body: Wish = call.body
    member = await _me(call)
    if isinstance(member, Refusal):
        return member
    ids = await _ids(call, member)
    if body.wished:
        found = await db.reward(call.conn, body.reward, call.now)
        if found is None or found.state != "offered" or not (await fitting(call, member))(found):
            return flows.unknown(body.reward)
        await db.wish(call.conn, member.id, body.reward, call.now)
    else:
        await db.unwish(call.conn, ids, body.reward)
    return Wished(list(await db.wishes(call.conn, ids)))


# My claims ---------------------------------------------------------------------------------------


async def claims(call: Call) -> Page[MyClaim] | Refusal:
    """GET /v1/me/claims"""
    asked, member = asked_page(call.query), await _me(call)
    if isinstance(asked, Refusal):
        return asked
    if isinstance(member, Refusal):
        return member
    rows = await db.claims(call.conn, asked[0], asked[1] + 1, ids=await _ids(call, member))
    codes = await _codes(call, rows)
    of = {each.reward for each in rows}
    found = {code: await db.reward(call.conn, code, call.now) for code in of}
    language = _tongue(call, member)
    return page(
        rows, asked[1], lambda each: str(each.id),
        lambda each: _mine(call, each, found[each.reward], codes.get(each.id, _NONE), language),
    )  # fmt: skip


async def claim(call: Call) -> MyClaim | Refusal:
    """GET /v1/me/claims/{claim_id}"""
    found = await _own(call)
    if isinstance(found, Refusal):
        return found
    each, member = found
    reward = await db.reward(call.conn, each.reward, call.now)
    codes = await _codes(call, [each])
    told = _mine(call, each, reward, codes.get(each.id, _NONE), _tongue(call, member))
    if each.revealed_at is None:
        return told
    return replace(told, secret=await pools.read(call.conn, each.id) or "")


class _Code(Struct, frozen=True):
    """What a claim shows at the till, and how often of how many times its coupon was used."""

    text: str = ""
    used: int = 0
    uses: int = 1


_NONE = _Code()


async def _codes(call: Call, claims: list[Claim]) -> dict[UUID, _Code]:
    """{claim: what it shows}; the coupon's own code once it has one."""
    found = {id_: _Code(core.shown(code))
             for id_, code in (await flows.codes(call.conn, claims)).items()}  # fmt: skip
    own = await coupons.of_claims(call.conn, [each.id for each in claims if each.kind == "coupon"])
    return found | {id_: _Code(one.text, one.used, one.uses) for id_, one in own.items()}


def _state(claim: Claim, code: _Code, *, closed: bool) -> ClaimState:
    """What became of it, as far as time and tills have not been written down yet."""
    if claim.state == "issued" and code.used >= code.uses:
        return "used"
    return "expired" if closed and claim.state in core.OPEN else claim.state


def _mine(
    call: Call, claim: Claim, reward: Reward | None, code: _Code, language: str
) -> MyClaim:  # fmt: skip
    closed = core.closed(claim, call.now) is not None
    state = _state(claim, code, closed=closed)
    counter = claim.kind in ("privilege", "coupon") or (claim.kind == "goods" and not claim.sent)
    shown = state in core.OPEN and (counter or claim.owed_minor)
    return MyClaim(
        claim_id=str(claim.id), reward=claim.reward, kind=claim.kind, state=state,
        name=(reward.terms.said("names", language) if reward else "") or claim.reward,
        claimed_at=claim.claimed_at, points=claim.points, currency=claim.currency,
        money_minor=claim.money_minor, owed_minor=0 if closed else claim.owed_minor,
        code=code.text if shown else "",
        sealed=claim.kind == "code" and claim.state == "issued" and claim.revealed_at is None,
        alone=claim.state in core.OPEN and core.lets_go(claim) and not code.used,
        sent=claim.sent, ends_at=claim.ends_at, last_day=last_day(call, claim),
        uses=code.used or claim.uses,
        privilege=reward.terms.privilege if reward else None,
        picture=reward.picture.hex() if reward and reward.picture else "",
    )  # fmt: skip


async def reveal(call: Call) -> ClaimMade | Refusal:
    """POST /v1/me/claims/{claim_id}/reveal"""
    found = await _own(call)
    if isinstance(found, Refusal):
        return found
    done = await flows.reveal(call.conn, by_of(call), found[0].id)
    return noted(call, done if isinstance(done, Refusal) else done[0], found[0])


async def cancel(call: Call) -> ClaimMade | Refusal:
    """POST /v1/me/claims/{claim_id}/cancel"""
    found = await _own(call)
    if isinstance(found, Refusal):
        return found
    done = await flows.cancel(call.conn, by_of(call), found[0].id, alone=True)
    return noted(call, done, found[0])


async def _own(call: Call) -> tuple[Claim, Member] | Refusal:
    """A claim of who calls; another's is as good as none."""
    member = await _me(call)
    if isinstance(member, Refusal):
        return member
    id_ = uuid_of(call.path["claim_id"])
    found = None if id_ is None else await db.claim(call.conn, id_)
    if found is None or found.member_id not in await _ids(call, member):
        return flows.no_claim()
    return found, member


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "me.rewards", "GET", "/v1/me/rewards", rewards, MyRewards, "What I can have for points"
    ),
    Operation(
        "me.claim.make", "POST", "/v1/me/claims", take, ClaimMade, "Take a reward",
        kind="writes", body=TakeReward, status=201, example={"reward": "mug"},
    ),
    Operation(
        "me.claims", "GET", "/v1/me/claims", claims, Page[MyClaim], "My rewards, newest first",
        query=QUERY,
    ),
    Operation(
        "me.claim", "GET", "/v1/me/claims/{claim_id}", claim, MyClaim, "One of my rewards"
    ),
    Operation(
        "me.claim.reveal", "POST", "/v1/me/claims/{claim_id}/reveal", reveal, ClaimMade,
        "See the code that came with a reward", kind="writes",
    ),
    Operation(
        "me.claim.cancel", "POST", "/v1/me/claims/{claim_id}/cancel", cancel, ClaimMade,
        "Give a reward back", kind="writes",
    ),
    Operation(
        "me.wish", "POST", "/v1/me/wishes", wish, Wished, "Wish for a reward", kind="writes",
        body=Wish, example={"reward": "mug"},
    ),
)  # fmt: skip
