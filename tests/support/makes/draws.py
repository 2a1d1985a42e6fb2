"""Calls about draws."""

from __future__ import annotations

from uuid import uuid4

from support.things import Made, Make, Things, Whose, plain

DRAW = "summer"  # of the program of the reference; its last day is over


def of(things: Things, whose: Whose) -> Made:
    return {"draw": "nobodys" if whose == "random" else DRAW}, None


def win(things: Things, whose: Whose) -> Made:
    """Nobody has won anything here."""
    return {"draw": DRAW, "win_id": str(uuid4())}, None


MAKES: dict[str, Make] = {
    "draw.list": plain(),
    "draw.read": of,
    "draw.entries": of,
    "draw.run": of,
    "draw.hand_over": win,
    "me.luck": plain(),
    "me.draws": plain(),
}
ANYBODYS = {"draw.list", "draw.hand_over", "me.luck", "me.draws"}
REFUSED = {"draw.run": 409, "draw.hand_over": 404}  # it is drawn once
