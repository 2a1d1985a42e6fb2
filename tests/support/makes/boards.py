"""Calls about boards."""

from __future__ import annotations

from support.things import Made, Make, Things, Whose, plain

BOARD = "spring"  # of the program of the reference; its last day is over


def of(things: Things, whose: Whose) -> Made:
    return {"board": "nobodys" if whose == "random" else BOARD}, None


MAKES: dict[str, Make] = {
    "board.list": plain(),
    "board.read": of,
    "board.close": of,
    "me.boards": plain(),
    "me.nickname": plain({"nickname": "Zora"}),
}
ANYBODYS = {"board.list", "me.boards", "me.nickname"}
REFUSED = {"board.close": 409}  # it is closed once
