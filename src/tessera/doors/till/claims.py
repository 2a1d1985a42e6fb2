"""Claims of rewards over HTTP: by the office, and at the counter where they are fetched."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from tessera.access.core import store_of
from tessera.base.refusal import Refusal
from tessera.base.text import Code
from tessera.doors.call import Call, Operation
from tessera.doors.pages import QUERY, Page, asked_page, page, uuid_of
from tessera.doors.till.suiting import fitting
from tessera.doors.till.transfers import asking
from tessera.members import db as members_db
from tessera.members.core import Member
from tessera.members.households import db as households_db
from tessera.rewards.catalogue import core, db, flows
from tessera.rewards.catalogue.core import Claim, ClaimState, Did, Kind
from tessera.rewards.catalogue.flows import By, Who
from tessera.rewards.coupons.claimed import flows as coupons
from tessera.rules.core.words import Program

STATES: tuple[ClaimState, ...] = get_args(ClaimState)
Reason = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
Shown = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[ -~]+\Z")]


class MakeClaim(Struct, frozen=True, forbid_unknown_fields=True):
    """A member takes a reward, at the desk or on the phone."""

    member_id: UUID
    reward: Code


class ClaimMade(Struct, frozen=True, omit_defaults=True):
    """Where a claim stands. It names no person and no code.

    owed_minor  money that is still to be paid; give_back_minor: to be given back to the member
    receivable_minor  what the shop has given away although the claim is cancelled, at cost
    """

    claim_id: UUID
    reward: str
    state: ClaimState
    ends_at: datetime | None = None
    owed_minor: int = 0
    give_back_minor: int = 0
    receivable_minor: int = 0
    uses: int = 0


class ShownClaim(Struct, frozen=True, forbid_unknown_fields=True):
    """The code of a claim, as it was scanned or typed."""

    code: Shown


class HandOver(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the code is of is handed over here, or used once.

    paid  the money that was still to come is taken
    """

    code: Shown
    store: Code | None = None
    paid: bool = False


class MarkClaim(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The office says what became of a claim."""

    to: Literal["paid", "sent", "handed_over"]
    reason: Reason = ""


class CancelClaim(Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is given back."""

    reason: Reason = ""


class ClaimSeen(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a code is of, as much as a counter needs.

    ready  it can be handed over or used now, once `owed_minor` is paid
    """

    claim_id: UUID
    reward: str
    name: str
    kind: Kind
    state: ClaimState
    ready: bool
    claimed_at: datetime
    ends_at: datetime | None = None
    owed_minor: int = 0
    uses: int = 0


class StepView(Struct, frozen=True, omit_defaults=True):
    """What happened to a claim. by: whose call it was; left out: time did it."""

    did: Did
    state: ClaimState
    at: datetime
    by: UUID | None = None
    store: str = ""
    reason: str = ""


class ClaimView(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A claim as the office sees it; its code is the member's alone.

    ends_at   it is over then; last_day: until which day that is, that day included
    steps     what happened to it, in order; only where one claim is asked for
    """

    claim_id: UUID
    reward: str
    name: str
    kind: Kind
    state: ClaimState
    member_id: UUID
    account_id: UUID
    claimed_at: datetime
    changed_at: datetime
    points: int = 0
    currency: str = ""
    money_minor: int = 0
    owed_minor: int = 0
    cost_minor: int = 0
    funding: str = ""
    partner: str = ""
    sent: bool = False
    ends_at: datetime | None = None
    last_day: date | None = None
    paid_at: datetime | None = None
    revealed_at: datetime | None = None
    uses: int = 0
    receivable_minor: int = 0
    steps: list[StepView] = []


# The office --------------------------------------------------------------------------------------


async def make(call: Call) -> ClaimMade | Refusal:
    """POST /v1/claims"""
    body: MakeClaim = call.body
    member = await members_db.read_member(call.conn, body.member_id)
    if member is None or member.erased_at is not None:
        return Refusal("member_unknown", "member_id", f"there is no member {body.member_id}",
                       "look the member up")  # fmt: skip
    return await claimed(call, member, body.reward)


async def claimed(call: Call, member: Member, reward: str) -> ClaimMade | Refusal:
    """A member claims a reward, alone or with somebody's help."""
    program = program_of(call)
    if member.registered_at is None and not program.shadows_spend:
        return Refusal("not_registered", "member_id", "rewards are for registered members",
                       "register the member first")  # fmt: skip
    if await households_db.limits(call.conn, [member.id]):
        return Refusal("household_limit", "", "who has a limit gives no points away",
                       "ask the head of the household")  # fmt: skip
    ids = [number for _, number in await households_db.numbers(call.conn, [member.id])]
    fits = await fitting(call, member)
    who = Who(member.id, ids, member.account_id)
    done = await flows.claim(call.conn, by_of(call), reward, who, fits)
    return noted(call, done, None)


def by_of(call: Call, store: str = "", reason: str = "") -> By:
    """Who does it, by which settings."""
    program = program_of(call)
    return By(
        asking(call), program.enrolment.time_zone, program.refund_grace_days, store, reason,
        program.coupons, program.budgets,
    )  # fmt: skip


def noted(call: Call, done: Claim | Refusal, before: Claim | None) -> ClaimMade | Refusal:
    """For the audit log, and the answer."""
    if isinstance(done, Refusal):
        return done
    was = None if before is None else {"state": before.state, "uses": before.uses}
    after = {"state": done.state, "uses": done.uses, "reward": done.reward}
    reason = getattr(call.body, "reason", "")
    call.about.append(done.member_id)
    call.changed("claim", done.id, was, after, reason=reason)
    over = done.state in ("cancelled", "expired")
    return ClaimMade(
        done.id, done.reward, done.state, done.ends_at, 0 if over else done.owed_minor,
        done.money_minor if over and done.paid_at else 0, done.receivable_minor, done.uses,
    )  # fmt: skip


async def list_claims(call: Call) -> Page[ClaimView] | Refusal:
    """GET /v1/claims"""
    asked, said = asked_page(call.query), call.query.get("state")
    if isinstance(asked, Refusal):
        return asked
    state = next((each for each in STATES if each == said), None)
    if said is not None and state is None:
        return Refusal("query_invalid", "state", "there is no such state",
                       f"name one of {', '.join(STATES)}")  # fmt: skip
    member, ids = call.query.get("member_id"), None
    if member is not None:
        whose = uuid_of(member)
        ids = [] if whose is None else [
            number for _, number in await households_db.numbers(call.conn, [whose])
        ]  # fmt: skip
    rows = await db.claims(
        call.conn, asked[0], asked[1] + 1, state=state, reward=call.query.get("reward"), ids=ids
    )
    rows = await with_uses(call, rows)
    names = await names_of(call, {each.reward for each in rows})
    return page(rows, asked[1], lambda each: str(each.id), lambda each: view(call, each, names))


async def read_claim(call: Call) -> ClaimView | Refusal:
    """GET /v1/claims/{claim_id}"""
    id_ = uuid_of(call.path["claim_id"])
    found = None if id_ is None else await db.claim(call.conn, id_)
    if found is None:
        return flows.no_claim()
    (found,) = await with_uses(call, [found])
    steps = [
        StepView(each.did, each.state, each.at, each.principal_id, each.store, each.reason)
        for each in await db.steps(call.conn, found.id)
    ]
    return view(call, found, await names_of(call, {found.reward}), steps)


async def with_uses(call: Call, claims: list[Claim]) -> list[Claim]:
    """Claims of coupons with how often these were used; used up: so they say."""
    own = await coupons.of_claims(call.conn, [each.id for each in claims if each.kind == "coupon"])
    return [
        each if (one := own.get(each.id)) is None else replace(
            each, uses=one.used,
            state="used" if one.over and each.state == "issued" else each.state,
        ) for each in claims
    ]  # fmt: skip


async def mark(call: Call) -> ClaimMade | Refusal:
    """POST /v1/claims/{claim_id}/state"""
    body: MarkClaim = call.body
    before = await _named(call)
    if isinstance(before, Refusal):
        return before
    by = by_of(call, reason=body.reason)
    if body.to == "paid":
        return noted(call, await flows.pay_money(call.conn, by, before.id), before)
    if body.to == "sent":
        return noted(call, await flows.send(call.conn, by, before.id), before)
    return noted(call, await flows.hand_over(call.conn, by, before.id, paid=False), before)


async def cancel(call: Call) -> ClaimMade | Refusal:
    """POST /v1/claims/{claim_id}/cancel"""
    before = await _named(call)
    if isinstance(before, Refusal):
        return before
    by = by_of(call, reason=call.body.reason)
    return noted(call, await flows.cancel(call.conn, by, before.id, alone=False), before)


async def _named(call: Call) -> Claim | Refusal:
    id_ = uuid_of(call.path["claim_id"])
    found = None if id_ is None else await db.claim(call.conn, id_)
    return found or flows.no_claim()


# The counter -------------------------------------------------------------------------------------


async def check(call: Call) -> ClaimSeen | Refusal:
    """POST /v1/claims/check"""
    found = await flows.find(call.conn, call.body.code)
    if isinstance(found, Refusal):
        return found
    names = await names_of(call, {found.reward})
    after = core.handed_over(found, call.now, paid=True)
    return ClaimSeen(
        claim_id=found.id, reward=found.reward, name=names.get(found.reward, found.reward),
        kind=found.kind, state=found.state, ready=not isinstance(after, Refusal),
        claimed_at=found.claimed_at, ends_at=found.ends_at, uses=found.uses,
        owed_minor=found.owed_minor if found.state in core.OPEN else 0,
    )  # fmt: skip


async def hand_over(call: Call) -> ClaimMade | Refusal:
    """POST /v1/claims/hand-over"""
    body: HandOver = call.body
    assert call.house is not None, "the door is a house's"
    store = store_of(call.principal, "claim.hand", body.store)
    if isinstance(store, Refusal):
        return store
    if store is not None and store not in call.house.shop().stores:
        return Refusal("store_unknown", "store", "there is no such store", "create the store first")
    before = await flows.find(call.conn, body.code)
    if isinstance(before, Refusal):
        return before
    by = by_of(call, store or "")
    return noted(call, await flows.hand_over(call.conn, by, before.id, body.paid), before)


# Told --------------------------------------------------------------------------------------------


async def names_of(call: Call, codes: set[str]) -> dict[str, str]:
    """{reward: what it is called}, in the page's language."""
    found = {}
    for code in codes:
        reward = await db.reward(call.conn, code, call.now)
        found[code] = code if reward is None else reward.terms.said("names", call.language) or code
    return found


def view(
    call: Call, claim: Claim, names: dict[str, str], steps: list[StepView] | None = None
) -> ClaimView:
    """A claim for the office."""
    return ClaimView(
        claim_id=claim.id, reward=claim.reward, name=names.get(claim.reward, claim.reward),
        kind=claim.kind, state=claim.state, member_id=claim.member_id,
        account_id=claim.account_id, claimed_at=claim.claimed_at, changed_at=claim.changed_at,
        points=claim.points, currency=claim.currency, money_minor=claim.money_minor,
        owed_minor=claim.owed_minor if claim.state in core.OPEN else 0,
        cost_minor=claim.cost_minor, funding=claim.funding, partner=claim.partner,
        sent=claim.sent, ends_at=claim.ends_at, last_day=last_day(call, claim),
        paid_at=claim.paid_at, revealed_at=claim.revealed_at, uses=claim.uses,
        receivable_minor=claim.receivable_minor, steps=steps or [],
    )  # fmt: skip


def last_day(call: Call, claim: Claim) -> date | None:
    """The last day of a claim, where the program's days begin."""
    return core.last_day(claim, program_of(call).enrolment.time_zone)


def program_of(call: Call) -> Program:
    """What the program says now."""
    assert call.house is not None, "the door is a house's"
    return call.house.shop().program


_CODE: dict[str, Any] = {"code": "R000 0000 0000 0000"}
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "claim.list", "GET", "/v1/claims", list_claims, Page[ClaimView],
        "Claims of rewards, newest first",
        query=QUERY | {
            "state": "only those in this state", "reward": "only of this reward",
            "member_id": "only of this member",
        },
    ),
    Operation(
        "claim.make", "POST", "/v1/claims", make, ClaimMade, "Claim a reward for a member",
        kind="writes", body=MakeClaim, status=201,
        example={"member_id": "01937b5e-6f00-7000-8000-000000000001", "reward": "mug"},
    ),
    Operation(
        "claim.check", "POST", "/v1/claims/check", check, ClaimSeen, "See what a code is of",
        body=ShownClaim, example=_CODE,
    ),
    Operation(
        "claim.hand", "POST", "/v1/claims/hand-over", hand_over, ClaimMade,
        "Hand a reward over, once", kind="writes", body=HandOver,
        example=_CODE | {"store": "S1"},
    ),
    Operation(
        "claim.read", "GET", "/v1/claims/{claim_id}", read_claim, ClaimView,
        "One claim, and what happened to it",
    ),
    Operation(
        "claim.mark", "POST", "/v1/claims/{claim_id}/state", mark, ClaimMade,
        "Say that a claim was paid, sent or handed over", kind="writes", body=MarkClaim,
        example={"to": "sent"},
    ),
    Operation(
        "claim.cancel", "POST", "/v1/claims/{claim_id}/cancel", cancel, ClaimMade,
        "Give a claim back: points, piece, and a code that was not seen", kind="writes",
        body=CancelClaim, example={"reason": "broken"},
    ),
)  # fmt: skip
