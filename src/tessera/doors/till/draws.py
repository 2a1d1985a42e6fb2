"""Draws over HTTP: odds, stock, tickets, the drawing and its proof; and what a member has."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.base.pages import after
from tessera.base.refusal import Refusal
from tessera.doors.call import Call, Operation
from tessera.doors.pages import QUERY, Page, asked_limit, page, unknown_cursor, uuid_of
from tessera.doors.till.mine import my_account
from tessera.ledger.joining import db as joining_db
from tessera.rewards.draws import db, flows
from tessera.rewards.draws.core import Entry, label_of
from tessera.rules.core.draws import Draw

State = Literal["to_come", "open", "due", "over", "not_declared"]
_WINS = 1000


class DrawPrizeTold(Struct, frozen=True):
    """A prize. `one_in`: odds at the till, null: drawn among tickets; `given`: so many so far."""

    item: str
    name: str
    kind: str
    count: int
    one_in: int | None
    given: int | None


class DrawView(Struct, frozen=True):
    """A draw, and how far it is.

    state    to come, open, due to be drawn, over, or no longer declared by the program: then it is
             due after its last day all the same
    bound    SHA-256 of its seed, told from the beginning; seed: shown once it is over
    tickets  there are, or took part; digest: SHA-256 of their list
    """

    draw: str
    name: str
    state: State
    starts: date | None
    ends: date | None
    wins: int
    bound: str
    seed: str | None
    tickets: int
    digest: str | None
    shown_at: datetime | None
    prizes: list[DrawPrizeTold]


class DrawsView(Struct, frozen=True):
    """Every draw that was ever published."""

    items: list[DrawView]


class WinView(Struct, frozen=True):
    """What was won: by a ticket (place, label, number) or with a receipt at the till.

    member_id  whose the account is, the oldest of a household; null: nobody's any more
    owed       the goods came back: the prize has to
    """

    win_id: UUID
    item: str
    name: str
    account_id: UUID
    member_id: UUID | None
    receipt_id: UUID | None
    place: int | None
    label: str | None
    number: int | None
    won_at: datetime
    owed: bool
    handed_at: datetime | None


class DrawWins(Struct, frozen=True):
    """A draw with its wins: those of tickets by place, then the newest of the till; up to 1,000."""

    draw: DrawView
    wins: list[WinView]


class TicketsView(Struct, frozen=True):
    """The tickets of one operation in a draw's list, numbered from 1."""

    label: str
    holder: str
    tickets: int


class Drawn(Struct, frozen=True):
    """It is drawn: so many tickets took part, so many of them won."""

    draw: str
    tickets: int
    wins: int


class HandedOver(Struct, frozen=True):
    """The prize is in the winner's hands."""

    win_id: UUID
    item: str


class MyTicket(Struct, frozen=True):
    """Tickets that came together: their name in the draw's list, and how many."""

    label: str
    tickets: int


class MyDraw(Struct, frozen=True):
    """A draw for which I have tickets. `bound`, `seed`: see `DrawView`."""

    draw: str
    name: str
    state: State
    ends: date | None
    tickets: int
    labels: list[MyTicket]
    bound: str
    seed: str | None


class MyKeepsake(Struct, frozen=True):
    """A badge or a privilege of mine."""

    kind: str
    item: str
    name: str
    since: datetime


class MyWin(Struct, frozen=True):
    """What I have won. `owed`: the goods came back, so must the prize."""

    draw: str
    name: str
    item: str
    won_at: datetime
    owed: bool
    handed: bool


class MyLuck(Struct, frozen=True):
    """My tickets, badges, privileges and prizes."""

    draws: list[MyDraw]
    keepsakes: list[MyKeepsake]
    wins: list[MyWin]


# For staff ---------------------------------------------------------------------------------------


async def list_draws(call: Call) -> DrawsView:
    """GET /v1/draws"""
    given, terms = await db.given(call.conn), await _terms(call)
    return DrawsView([_view(call, each, given, terms) for each in await db.draws(call.conn)])


async def read(call: Call) -> DrawWins | Refusal:
    """GET /v1/draws/{draw}"""
    found = await db.draws(call.conn, call.path["draw"])
    if not found:
        return _unknown(call.path["draw"])
    given = await db.given(call.conn, found[0].code)
    wins, terms = await db.wins(call.conn, found[0].code, _WINS), await _terms(call)
    whose = await flows.winners_of(call.conn, {each.account_id for each in wins})
    draw = found[0].terms or terms.get(found[0].code)
    told = [_win(each, _named(draw, each.item), whose.get(each.account_id)) for each in wins]
    return DrawWins(_view(call, found[0], given, terms), told)


async def entries(call: Call) -> Page[TicketsView] | Refusal:
    """GET /v1/draws/{draw}/entries"""
    limit = asked_limit(call.query)
    if isinstance(limit, Refusal):
        return limit
    code, last = call.path["draw"], ""
    if "cursor" in call.query:
        words = after(call.query["cursor"], 1)
        if isinstance(words, Refusal):
            return words
        last = words[0]
        if not last:
            return unknown_cursor()
    if not await db.named(call.conn, [code]):
        return _unknown(code)
    rows = await db.entries(call.conn, code, last, limit + 1)
    return page(rows, limit, lambda entry: entry.label, _entry)


async def run(call: Call) -> Drawn | Refusal:
    """POST /v1/draws/{draw}/run"""
    assert call.house is not None, "the house is open"
    code = call.path["draw"]
    draw = (await _terms(call)).get(code)
    if draw is None:
        return _unknown(code)
    program, today = call.house.shop().program, call.house.today(call.now)
    terms = flows.Terms(draw, code not in program.draws, program.budgets, program.costs)
    won = await flows.run(call.conn, code, terms, call.now, today)
    if isinstance(won, Refusal):
        return won
    (shown,) = await db.draws(call.conn, code)
    call.changed("draw", code, None, {"tickets": shown.tickets, "wins": len(won)})
    return Drawn(code, shown.tickets, len(won))


async def hand_over(call: Call) -> HandedOver | Refusal:
    """POST /v1/draws/{draw}/wins/{win_id}/hand-over"""
    code, win_id = call.path["draw"], uuid_of(call.path["win_id"])
    if win_id is None:
        return flows.no_win(code)
    item = await flows.hand_over(call.conn, code, win_id, call.now)
    if isinstance(item, Refusal):
        return item
    call.changed("win", win_id, {"handed_over": False}, {"handed_over": True})
    return HandedOver(win_id, item)


# For members -------------------------------------------------------------------------------------


async def my_luck(call: Call) -> MyLuck | Refusal:
    """GET /v1/me/luck"""
    account = await my_account(call)
    if isinstance(account, Refusal):
        return account
    mine = await joining_db.with_below(call.conn, account)
    declared, draws, keepsakes = await _terms(call), [], []
    all_held = await db.held(call.conn, mine)
    won = await db.won_by(call.conn, mine)
    codes = {held.item for held in all_held if held.kind == "ticket"} | {win.draw for win in won}
    published = {each.code: each for each in await db.named(call.conn, sorted(codes))}
    terms = declared | {code: each.terms for code, each in published.items() if each.terms}
    for held in all_held:
        if held.kind != "ticket":
            keepsakes.append(MyKeepsake(held.kind, held.item, _called(call, held.item), held.since))
        elif held.item in published:
            each = published[held.item]
            draw = terms.get(held.item)
            rows = await db.my_tickets(call.conn, mine, held.item)
            labels = [MyTicket(label_of(held.item, outcome), n) for outcome, n in rows]
            draws.append(MyDraw(
                held.item, (draw.name if draw else "") or held.item, _state(call, each, draw),
                draw.ends if draw else None, held.pieces, labels, each.bound.hex(),
                each.shown.hex() if each.shown else None,
            ))  # fmt: skip
    wins = [
        MyWin(win.draw, _named(terms.get(win.draw), win.item), win.item, win.won_at,
              win.owed_at is not None, win.handed_at is not None)
        for win in won
    ]  # fmt: skip
    return MyLuck(draws, keepsakes, wins)


def _called(call: Call, item: str) -> str:
    """What people call a badge or privilege: the title of a rule that gives it."""
    assert call.house is not None, "the house is open"
    open_rules = (rule for rule in call.house.shop().program.rules if not rule.hidden)
    for rule in open_rules:
        for of in (rule, getattr(rule, "prize", None)):
            if item in (getattr(of, "badge", None), getattr(of, "launch", None)):
                return str(getattr(of, "title", "")) or item
    return item


# Both --------------------------------------------------------------------------------------------


def _declared(call: Call) -> dict[str, Draw]:
    assert call.house is not None, "the house is open"
    return call.house.shop().program.draws


async def _terms(call: Call) -> dict[str, Draw]:
    """{draw: its terms}, those too that were in a program before and have not been drawn."""
    declared = _declared(call)
    return {**await flows.dropped(call.conn, declared, call.now), **declared}


def _view(
    call: Call, each: db.Published, given: dict[db.Prize, int], terms: dict[str, Draw]
) -> DrawView:
    draw = each.terms or terms.get(each.code)
    prizes = [
        DrawPrizeTold(
            prize.item, prize.name or prize.item, prize.kind, prize.count, prize.one_in,
            given.get((each.code, prize.item), 0) if prize.one_in is not None else None,
        )
        for prize in (draw.prizes if draw is not None else ())
    ]  # fmt: skip
    return DrawView(
        each.code, (draw.name if draw else "") or each.code, _state(call, each, draw),
        draw.starts if draw else None, draw.ends if draw else None, draw.wins if draw else 1,
        each.bound.hex(), each.shown.hex() if each.shown else None, each.tickets,
        each.digest.hex() if each.digest else None, each.shown_at, prizes,
    )  # fmt: skip


def _state(call: Call, each: db.Published, draw: Draw | None) -> State:
    assert call.house is not None, "the house is open"
    if each.shown is not None:
        return "over"
    if draw is None:
        return "not_declared"
    today, gone = call.house.today(call.now), each.code not in _declared(call)
    if today > draw.ends if draw.ends is not None else gone:
        return "due"
    if gone:
        return "not_declared"
    return "to_come" if draw.starts is not None and today < draw.starts else "open"


def _named(draw: Draw | None, item: str) -> str:
    found = next((p for p in (draw.prizes if draw is not None else ()) if p.item == item), None)
    return (found.name if found is not None else "") or item


def _win(each: db.Win, name: str, member_id: UUID | None) -> WinView:
    return WinView(
        each.id, each.item, name, each.account_id, member_id, each.outcome_id, each.place,
        each.label, each.number, each.won_at, each.owed_at is not None, each.handed_at,
    )  # fmt: skip


def _entry(each: Entry) -> TicketsView:
    return TicketsView(each.label, each.holder, each.pieces)


def _unknown(code: str) -> Refusal:
    return flows.no_draw(code)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "draw.list", "GET", "/v1/draws", list_draws, DrawsView,
        "Draws: odds, prizes left, tickets, what binds their seeds",
    ),
    Operation(
        "draw.read", "GET", "/v1/draws/{draw}", read, DrawWins, "A draw and what was won in it",
    ),
    Operation(
        "draw.entries", "GET", "/v1/draws/{draw}/entries", entries, Page[TicketsView],
        "The tickets that took part in a draw: with the seed, all that its winners follow from",
        query=QUERY,
    ),
    Operation(
        "draw.run", "POST", "/v1/draws/{draw}/run", run, Drawn,
        "Draw among the tickets after the last day, and show the seed", kind="writes",
        refresh=True, status=201,
    ),
    Operation(
        "draw.hand_over", "POST", "/v1/draws/{draw}/wins/{win_id}/hand-over", hand_over, HandedOver,
        "A prize is in the winner's hands", kind="writes",
    ),
    Operation(
        "me.luck", "GET", "/v1/me/luck", my_luck, MyLuck,
        "My tickets, badges, privileges and prizes",
    ),
)  # fmt: skip
