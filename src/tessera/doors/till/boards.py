"""Boards over HTTP: standings and winners for staff, one's own place for members, nicknames."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from tessera.base.refusal import Refusal
from tessera.checkout.boards import core, db, flows
from tessera.checkout.boards.core import Counted
from tessera.doors.call import Call, Operation
from tessera.doors.till.mine import my_account
from tessera.doors.till.tiers import program_of, today_of
from tessera.ledger.joining import db as joining_db
from tessera.members.nicknames import db as members_db
from tessera.rules.core.boards import Board

State = Literal["to_come", "open", "waiting", "closed", "not_declared"]
_WINNERS, _STANDINGS = 1000, 100
Nickname = Annotated[
    str, Meta(max_length=30, pattern=r"^[^\x00-\x1f\x7f<>{}@\u202a-\u202e\u2066-\u2069]*\Z")
]


class BoardPrizeTold(Struct, frozen=True):
    """From this place to that one each wins so many points."""

    first: int
    last: int
    points: int


class BoardView(Struct, frozen=True):
    """A board, and how far it is.

    state      to come, open, waiting for returns after its end, closed, or no longer declared
    counts     points, minor, receipts or event; of: the currency, category or event
    closes_on  the day on which it is closed by itself
    members    have a place, as_of: when that was counted, null: not yet
    winners    win points; paid: so many have got them; points: of all of them
    """

    board: str
    name: str
    state: State
    counts: str
    of: str
    stores: list[str]
    regions: list[str]
    starts: date | None
    ends: date | None
    closes_on: date | None
    shown: int
    members: int
    as_of: datetime | None
    prizes: list[BoardPrizeTold]
    winners: int
    paid: int
    points: int


class BoardsView(Struct, frozen=True):
    """Every board that is declared, or was counted once."""

    items: list[BoardView]


class OnBoard(Struct, frozen=True):
    """A place. member_id: who it is, the oldest of a household; null: nobody any more."""

    place: int
    member_id: UUID | None
    nickname: str
    amount: int


class WinnerTold(Struct, frozen=True):
    """Who won points. sharing: so many had the place; unpaid: `gone`, nobody was there any more."""

    place: int
    member_id: UUID | None
    nickname: str
    amount: int
    sharing: int
    points: int
    paid_at: datetime | None
    unpaid: str


class BoardStandings(Struct, frozen=True):
    """A board with its first 100 members, and up to 1,000 winners once it is closed."""

    board: BoardView
    standings: list[OnBoard]
    winners: list[WinnerTold]


class BoardClosed(Struct, frozen=True):
    """It is closed: so many win so many points, which come within a minute."""

    board: str
    winners: int
    points: int


class ShownOnBoard(Struct, frozen=True):
    """A place that members see. nickname: "" says "a member"; mine: it is one's own."""

    place: int
    nickname: str
    amount: int
    mine: bool


class MyPlace(Struct, frozen=True):
    """One's own place.

    sharing  so many have it, up to 1,000; above: so much has whoever is next above, null: nobody
    """

    place: int
    amount: int
    sharing: int
    above: int | None


class MyPrize(Struct, frozen=True):
    """What one has won. paid_at: when the points came, null: they are on their way."""

    place: int
    points: int
    paid_at: datetime | None


class MyBoard(Struct, frozen=True):
    """A board, its first places, and one's own. mine: null without anything that counts."""

    board: BoardView
    top: list[ShownOnBoard]
    mine: MyPlace | None
    won: MyPrize | None


class MyBoards(Struct, frozen=True):
    """The boards that have begun, and the nickname that others read there ("": "a member")."""

    nickname: str
    items: list[MyBoard]


class ChooseNickname(Struct, frozen=True, forbid_unknown_fields=True):
    """What others may read instead of "a member"; "" takes it away."""

    nickname: Nickname


class NicknameChosen(Struct, frozen=True):
    """So it is from now on."""

    member_id: UUID
    nickname: str


# For staff ---------------------------------------------------------------------------------------


async def list_boards(call: Call) -> BoardsView:
    """GET /v1/boards"""
    return BoardsView(await _views(call))


async def read(call: Call) -> BoardStandings | Refusal:
    """GET /v1/boards/{board}"""
    code = call.path["board"]
    view = next((each for each in await _views(call) if each.board == code), None)
    if view is None:
        return unknown(code)
    top = await db.top(call.conn, code, _STANDINGS)
    won = await db.winners(call.conn, code, _WINNERS)
    faces = await flows.names(
        call.conn, {each.account for each in top} | {each.account for each in won}
    )
    standings = []
    for one in top:
        member, nickname = faces.get(one.account, (None, ""))
        standings.append(OnBoard(one.place, member, nickname, one.amount))
    winners = []
    for win in won:
        member, nickname = faces.get(win.account, (None, ""))
        winners.append(WinnerTold(
            win.place, member, nickname, win.amount, win.sharing, win.points, win.paid_at,
            win.unpaid,
        ))  # fmt: skip
    return BoardStandings(view, standings, winners)


async def close(call: Call) -> BoardClosed | Refusal:
    """POST /v1/boards/{board}/close"""
    code = call.path["board"]
    board = program_of(call).boards.get(code)
    if board is None:
        return unknown(code)
    assert call.house is not None, "the house is open"
    stores = call.house.shop().stores
    won = await flows.close(call.conn, code, board, stores, call.now, today_of(call))
    if isinstance(won, Refusal):
        return won
    points = sum(each.points for each in won)
    call.changed("board", code, None, {"winners": len(won), "points": points})
    return BoardClosed(code, len(won), points)


# For members -------------------------------------------------------------------------------------


async def my_boards(call: Call) -> MyBoards | Refusal:
    """GET /v1/me/boards"""
    account = await my_account(call)
    if isinstance(account, Refusal):
        return account
    mine = [account, *await joining_db.with_below(call.conn, account)]
    won = await db.won(call.conn, mine)
    items = []
    for view in await _views(call):
        if view.as_of is None or view.state in ("to_come", "not_declared"):
            continue
        top = await db.top(call.conn, view.board, view.shown)
        faces = await flows.names(call.conn, {each.account for each in top})
        shown = [
            ShownOnBoard(
                each.place, faces[each.account].nickname if each.account in faces else "",
                each.amount, each.account == account,
            )
            for each in top
        ]  # fmt: skip
        place = await db.place(call.conn, view.board, account)
        prize = won.get(view.board)
        items.append(MyBoard(
            view, shown,
            None if place is None else MyPlace(
                place.place, place.amount, place.sharing, place.above
            ),
            None if prize is None else MyPrize(prize[0], prize[2], prize[3]),
        ))  # fmt: skip
    return MyBoards(await members_db.read(call.conn, call.principal.id), items)


async def nickname(call: Call) -> NicknameChosen | Refusal:
    """POST /v1/me/nickname"""
    account = await my_account(call)
    if isinstance(account, Refusal):
        return account
    body: ChooseNickname = call.body
    chosen = " ".join(body.nickname.split())
    before = await members_db.read(call.conn, call.principal.id)
    await members_db.choose(call.conn, call.principal.id, chosen)
    call.changed(
        "member", call.principal.id, {"nickname": before}, {"nickname": chosen},
        person=call.principal.id,
    )  # fmt: skip
    return NicknameChosen(call.principal.id, chosen)


# Both --------------------------------------------------------------------------------------------


async def _views(call: Call) -> list[BoardView]:
    """The boards of the program, those that end last first; then what is no longer in it."""
    declared, counted = program_of(call).boards, await db.boards(call.conn)
    sums, today = await db.sums(call.conn), today_of(call)
    found = []
    for code in dict.fromkeys((*declared, *counted)):
        board = flows.terms_of(counted.get(code), declared.get(code))
        found.append(_view(code, board, counted.get(code), sums.get(code), today))
    return sorted(found, key=lambda each: each.ends or date.min, reverse=True)


def _view(
    code: str, board: Board | None, counted: Counted | None, sums: db.Sums | None, today: date
) -> BoardView:
    winners, paid, points = sums or (0, 0, 0)
    members, as_of = (0, None) if counted is None else (counted.members, counted.as_of)
    if board is None:
        return BoardView(
            code, code, "not_declared", "points", "", [], [], None, None, None, 0, members, as_of,
            [], winners, paid, points,
        )  # fmt: skip
    state: State = "open"
    if counted is not None and counted.closed_at is not None:
        state = "closed"
    elif today < board.starts:
        state = "to_come"
    elif today > board.ends:
        state = "waiting"
    return BoardView(
        code, board.name or code, state, board.counts, board.of, list(board.stores),
        list(board.regions), board.starts, board.ends, core.closes_on(board), board.shown, members,
        as_of, _prizes(board), winners, paid, points,
    )  # fmt: skip


def _prizes(board: Board) -> list[BoardPrizeTold]:
    found, first = [], 1
    for each in board.prizes:
        found.append(BoardPrizeTold(first, first + each.places - 1, each.points))
        first += each.places
    return found


def unknown(code: str) -> Refusal:
    """No program has declared it."""
    return Refusal(
        "board_unknown", "board", f"there is no board {code}", "name one that the program declares"
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "board.list", "GET", "/v1/boards", list_boards, BoardsView,
        "Boards: what counts, how far they are, what was won",
    ),
    Operation(
        "board.read", "GET", "/v1/boards/{board}", read, BoardStandings,
        "A board with the first of its members, and its winners",
    ),
    Operation(
        "board.close", "POST", "/v1/boards/{board}/close", close, BoardClosed,
        "Close a board after its last day, without waiting for returns, and give its prizes",
        kind="writes", status=201,
    ),
    Operation(
        "me.boards", "GET", "/v1/me/boards", my_boards, MyBoards,
        "Boards, their first places, and my own",
    ),
    Operation(
        "me.nickname", "POST", "/v1/me/nickname", nickname, NicknameChosen,
        "Choose what others read on boards, or be a member without a name", kind="writes",
        body=ChooseNickname, example={"nickname": "Zora the Fox"},
    ),
)  # fmt: skip
