"""What the cabinet shows first, over HTTP: the pass, its code, open rules, what happened since."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from tessera.base.clock import local
from tessera.base.refusal import Refusal
from tessera.checkout.core import Balance
from tessera.checkout.flows import reading
from tessera.checkout.flows.nearing import open_rules
from tessera.checkout.statement import flows as statement
from tessera.checkout.statement.core import SOON, MoveTold
from tessera.doors.call import Call, Operation
from tessera.doors.language.tongue import tongue
from tessera.doors.till.my_draws import PrizeToWin, is_spent, prizes_of, to_win
from tessera.doors.till.privacy import stale
from tessera.ledger.core import MAIN, Wallet
from tessera.ledger.standing.db import standing
from tessera.members.core import Language, Owner
from tessera.members.households import db as households_db
from tessera.members.showing import core as showing
from tessera.members.showing import db, flows
from tessera.members.showing.db import Home as Person
from tessera.program.core.open_rules import told_to_member
from tessera.rules.core.nearing import Near
from tessera.rules.core.texts import say_in
from tessera.rules.core.tongues import Tongue
from tessera.rules.core.words import Program

MOST_RULES = 100
MOST_MOVES = 200  # of which the newest things that happened are picked
KEPT = timedelta(days=90)  # older ones are in the history only
Kind = Literal["arrived", "earned", "received", "adjusted", "expired", "expiring", "invited"]


class Expiring(Struct, frozen=True):
    """Points that end next, all on one day. `on`: the local day they can still be spent."""

    points: int
    on: date
    at: datetime


class Home(Struct, frozen=True):
    """The first page: who, the pass, where the account stands.

    card         the newest card that works; null: there is none
    worth_minor  what the points that can be spent pay, where the program says so; else null
    expiring     what ends next; null: nothing does
    """

    given_name: str
    family_name: str
    language: Language
    card: str | None
    program: str
    currency: str
    balance: Balance
    worth_minor: int | None
    expiring: Expiring | None


class CodeShown(Struct, frozen=True):
    """What the phone shows. Scan it as a card; it works for `seconds` from now."""

    code: str
    seconds: int


class CardNumber(Struct, frozen=True):
    """The number of one's card."""

    card: str


class RuleTold(Struct, frozen=True, omit_defaults=True):
    """A rule that one may see, in the language asked for.

    gives    what it gives, and when, as a sentence
    why      what is still missing, as a sentence; `lacking` of `of` in one number, 0: none
    used     it gives no more in this period
    prizes   what it lets one win, with odds and what is left
    """

    rule: str
    name: str
    gives: str
    lane: str
    ends: date | None = None
    why: str = ""
    lacking: int = 0
    of: int = 0
    used: bool = False
    prizes: list[PrizeToWin] = []


class RulesTold(Struct, frozen=True):
    """Open rules: first those that one is on the way to, else in the program's order."""

    items: list[RuleTold]


class InboxItem(Struct, frozen=True, omit_defaults=True):
    """Something that happened, or is about to.

    kind   arrived: can be spent now; earned: for an event; received: from a member; adjusted: by
           staff, with `reason`; expired; expiring: on `on`; invited: into a household
    """

    id: str
    kind: Kind
    at: datetime
    points: int = 0
    reason: str = ""
    on: date | None = None
    unread: bool = False


class Inbox(Struct, frozen=True):
    """The newest first, of three months."""

    items: list[InboxItem]
    unread: int


class InboxRead(Struct, frozen=True):
    """All that was told up to then is read."""

    read_at: datetime


async def home(call: Call) -> Home | Refusal:
    """GET /v1/me/home"""
    me = await db.home(call.conn, call.principal.id)
    if me is None:
        return gone()
    program = _program(call)
    there = await standing(call.conn, me.account_id, call.now, _zone(call))
    free, kept, waits = there.available, there.held, there.pending
    balance = Balance(free, kept, there.debt, waits + free + kept - there.debt, waits)
    ends = None
    if there.ends_on is not None and there.ends_at is not None:
        ends = Expiring(there.ending, there.ends_on, there.ends_at)
    return Home(
        me.given_name, me.family_name, me.language, me.card, program.brand.name or program.name,
        program.currency, balance, worth_minor(program, free), ends,
    )  # fmt: skip


async def code(call: Call) -> CodeShown:
    """GET /v1/me/code: nothing is looked up, nothing is written."""
    return CodeShown(flows.show(call.principal.id, call.now), showing.LIFE_S)


async def number(call: Call) -> CardNumber | Refusal:
    """POST /v1/me/number: the one there is to everybody who is signed in, as the code is."""
    fresh = call.principal.fresh(call.now)
    found = await flows.number_for(call.conn, call.principal.id, call.now, anew=fresh)
    if found is None:
        return stale("a new card, which spends, is for who has proved within ten minutes")
    if isinstance(found, Refusal):
        return found
    call.changed("member", call.principal.id, None, {"card": found}, person=call.principal.id)
    return CardNumber(found)


async def rules(call: Call) -> RulesTold | Refusal:
    """GET /v1/me/rules: of hidden rules there is no byte, no gap and no count."""
    owner = (await db.owners(call.conn, [call.principal.id])).get(call.principal.id)
    if owner is None:
        return gone()
    program, spoken = _program(call), tongue(call.language)
    found = await _to_get(call, program, owner)
    told = [_rule_told(each, program, spoken, prizes) for each, prizes in found[:MOST_RULES]]
    told.sort(key=lambda each: (each.used, not each.lacking))
    return RulesTold(told)


async def _open(call: Call, program: Program, owner: Owner) -> list[Near]:
    found = await open_rules(call.conn, program, owner, _zone(call), call.now)
    joined = program.enrolment.welcome  # that is behind whoever reads this
    return [each for each in found if not joined or getattr(each.rule, "type", "") != joined]


async def _to_get(
    call: Call, program: Program, owner: Owner
) -> list[tuple[Near, list[PrizeToWin]]]:
    """Open rules with what each lets one win; of a draw that gives no more there is none."""
    there = await to_win(call, program)
    found = [
        (each, prizes_of(each.rule, program, there)) for each in await _open(call, program, owner)
    ]  # fmt: skip
    today = local(call.now, _zone(call)).date()
    return [
        (each, prizes) for each, prizes in found
        if not is_spent(each.rule, program, prizes, today)
    ]  # fmt: skip


def _rule_told(
    each: Near, program: Program, tongue: Tongue, prizes: list[PrizeToWin]
) -> RuleTold:  # fmt: skip
    rule, missing, currency = each.rule, each.missing, program.currency
    why = "" if missing is None else say_in(tongue, missing.why, missing.numbers, currency)
    gives = told_to_member(rule, currency, tongue, whole=each.tells, draws=program.draws)
    lacking = 0 if missing is None else missing.lacking
    return RuleTold(rule.id, rule.name, gives, rule.lane, rule.ends, why, lacking, each.of,
                    each.used, prizes)  # fmt: skip


async def inbox(call: Call) -> Inbox | Refusal:
    """GET /v1/me/inbox: nothing is kept for it but up to when it was read."""
    me = await db.home(call.conn, call.principal.id)
    if me is None:
        return gone()
    moves = await statement.moves(call.conn, me.account_id, MAIN, None, MOST_MOVES)
    assert not isinstance(moves, Refusal), "without a cursor nothing is refused"
    wallet = await reading.wallet_of(call.conn, me.account_id)
    reasons = _program(call).adjustments.reasons
    items = [item for move in moves.items if (item := _happened(move, reasons)) is not None]
    items += _soon(wallet, call.now, _zone(call))
    for each in await households_db.invitations_of(call.conn, call.principal.id, call.now):
        since = each.invited_at
        items.append(InboxItem(f"invited:{each.id}", "invited", since))
    since = call.now - KEPT
    fresh = sorted((each for each in items if each.at > since), key=lambda each: each.at)
    marked = [_marked(each, me) for each in reversed(fresh)]
    return Inbox(marked, sum(each.unread for each in marked))


async def read(call: Call) -> InboxRead | Refusal:
    """POST /v1/me/inbox/read"""
    await db.read_until(call.conn, call.principal.id, call.now)
    call.changed("inbox", call.principal.id, None, None)
    return InboxRead(call.now)


def _marked(item: InboxItem, me: Person) -> InboxItem:
    unread = me.read_at is None or item.at > me.read_at
    return InboxItem(item.id, item.kind, item.at, item.points, item.reason, item.on, unread)


def _happened(move: MoveTold, reasons: dict[str, str]) -> InboxItem | None:
    """What a move is to the member; None for what is in the history anyway."""
    kind: Kind
    if move.what == "can be spent":
        kind = "arrived"
    elif move.of in ("transfer", "gift") and move.change > 0:
        kind = "received"
    elif move.of == "adjustment" and move.change:
        kind = "adjusted"
    elif move.what == "expired":
        kind = "expired"
    elif move.of == "event" and move.change > 0:
        kind = "earned"
    else:
        return None
    points = move.change or move.points
    return InboxItem(
        f"{kind}:{move.seq}", kind, move.posted_at, points, reasons.get(move.reason, "")
    )


def _soon(wallet: Wallet, now: datetime, zone: str) -> list[InboxItem]:
    """Points that end within 30 days, by the day; told from when they came within them."""
    days: dict[date, tuple[int, datetime]] = {}
    for lot in wallet.lots.values():
        ends = lot.expires_at
        if not lot.remaining or ends is None or not now < ends <= now + SOON:
            continue
        on = _last_day(ends, zone)
        days[on] = (days.get(on, (0, ends))[0] + lot.remaining, max(ends - SOON, lot.earned_at))
    return [
        InboxItem(f"expiring:{on}", "expiring", at, points, "", on)
        for on, (points, at) in days.items()
    ]


def _last_day(ends: datetime, zone: str) -> date:
    """The local day on which points that end at this instant can still be spent."""
    return local(ends - timedelta(microseconds=1), zone).date()


def worth_minor(program: Program, points: int) -> int | None:
    """What so many points pay, by the rule that takes them from everybody; None if none does."""
    for rule in program.rules:
        step, worth = getattr(rule, "points", 0), getattr(rule, "worth_minor", 0)
        takes = rule.lane == "payment" and step and worth
        if takes and not rule.hidden and rule.when is None:
            return int(points // step * worth)
    return None


def gone() -> Refusal:
    """Who calls was merged or erased a moment ago."""
    return Refusal("member_unknown", "", "you are no member any more", "join again")


def _program(call: Call) -> Program:
    assert call.house is not None, "the door is a house's"
    return call.house.shop().program


def _zone(call: Call) -> str:
    """Where a member's day begins."""
    return _program(call).enrolment.time_zone


OPERATIONS: tuple[Operation, ...] = (
    Operation("me.home", "GET", "/v1/me/home", home, Home, "My pass and where my points stand"),
    Operation(
        "me.code", "GET", "/v1/me/code", code, CodeShown, "A code to show instead of the card",
    ),
    Operation(
        "me.number", "POST", "/v1/me/number", number, CardNumber,
        "My card's number; a fresh one for who has none", kind="writes",
    ),
    Operation(
        "me.rules", "GET", "/v1/me/rules", rules, RulesTold,
        "What I can get, and how near I am to it",
    ),
    Operation("me.inbox", "GET", "/v1/me/inbox", inbox, Inbox, "What happened to my points"),
    Operation(
        "me.inbox.read", "POST", "/v1/me/inbox/read", read, InboxRead, "I have read all that",
        kind="writes",
    ),
)  # fmt: skip
