"""What a member can win: draws that run, their prizes, odds, and how many are left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.doors.call import Call, Operation
from tessera.doors.till.mine import my_account
from tessera.ledger.joining import db as joining_db
from tessera.rewards.draws import db
from tessera.rules.core.draws import Draw
from tessera.rules.core.words import Mechanic, Program

Running = Literal["to_come", "open", "due"]


class PrizeToWin(Struct, frozen=True):
    """A prize. one_in: odds at the till, null: drawn among tickets; left: pieces not won yet."""

    item: str
    name: str
    one_in: int | None
    left: int


class DrawToWin(Struct, frozen=True):
    """A draw with its prizes. `due`: its last day is over, and it has not been drawn."""

    draw: str
    name: str
    state: Running
    starts: date | None
    ends: date | None
    prizes: list[PrizeToWin]


class DrawsToWin(Struct, frozen=True):
    """Draws in the program's order; those of hidden rules only with a ticket for them."""

    items: list[DrawToWin]


async def to_win(call: Call, program: Program) -> dict[str, list[PrizeToWin]]:
    """{draw: its prizes, with what is left of them now}."""
    if not program.draws:
        return {}
    given = await db.given(call.conn)
    return {code: _prizes(code, draw, given) for code, draw in program.draws.items()}


def _prizes(code: str, draw: Draw, given: Mapping[db.Prize, int]) -> list[PrizeToWin]:
    return [
        PrizeToWin(
            prize.item, prize.name or prize.item, prize.one_in,
            max(prize.count - given.get((code, prize.item), 0), 0),
        ) for prize in draw.prizes
    ]  # fmt: skip


def prizes_of(
    rule: Mechanic, program: Program, there: Mapping[str, list[PrizeToWin]]
) -> list[PrizeToWin]:
    """What this rule lets somebody win: prizes at once, or those drawn among its tickets."""
    at_once = rule.id in program.lucky
    return [each for each in there.get(rule.draw_of(), ()) if (each.one_in is not None) == at_once]


def is_spent(rule: Mechanic, program: Program, prizes: list[PrizeToWin], today: date) -> bool:
    """Whether a rule of a draw gives nothing any more: its days are over, or its prizes gone."""
    draw = program.draws.get(rule.draw_of())
    if draw is None:
        return False
    return _state(draw, today) == "due" or not any(each.left for each in prizes)


async def my_draws(call: Call) -> DrawsToWin | Refusal:
    """GET /v1/me/draws: what only hidden rules give is not told before there is a ticket."""
    assert call.house is not None, "the house is open"
    account = await my_account(call)
    if isinstance(account, Refusal):
        return account
    program, today = call.house.shop().program, call.house.today(call.now)
    there = await to_win(call, program)
    known = await _known(call, program, account)
    over = {each.code for each in await db.named(call.conn) if each.shown is not None}
    found = []
    for code, draw in program.draws.items():
        state = _state(draw, today)
        prizes = [
            each for each in there[code]
            if (code, each.one_in is not None) in known and (each.one_in is None or state != "due")
        ]  # fmt: skip
        if prizes and code not in over:
            found.append(
                DrawToWin(code, draw.name or code, state, draw.starts, draw.ends, prizes)
            )  # fmt: skip
    return DrawsToWin(found)


async def _known(call: Call, program: Program, account: UUID) -> set[tuple[str, bool]]:
    """(draw, whether at once) of the prizes that a member may know of."""
    rules = [rule for rule in program.rules if rule.draw_of() and not rule.hidden]
    mine = await joining_db.with_below(call.conn, account)
    held = await db.held(call.conn, mine)
    open_ = {(rule.draw_of(), rule.id in program.lucky) for rule in rules}
    return open_ | {(each.item, False) for each in held if each.kind == "ticket"}


def _state(draw: Draw, today: date) -> Running:
    if draw.starts is not None and today < draw.starts:
        return "to_come"
    return "due" if draw.ends is not None and today > draw.ends else "open"


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "me.draws", "GET", "/v1/me/draws", my_draws, DrawsToWin,
        "What I can win: prizes, their odds, and how many are left",
    ),
)  # fmt: skip
