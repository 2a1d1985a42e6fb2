"""Calls of the cabinet: the first page, codes, open rules, points given away, proofs."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import uuid4

from support.things import Made, Make, Things, Whose, plain

_phones = count(5000)


def given(body: Any) -> Make:
    """Out of the crawling member's own points, of which some are put in first."""

    def make(things: Things, whose: Whose) -> Made:
        things.put_in(things.me["card"], 100)
        return {}, body | ({"receiver": phone()} if "kind" in body else {})

    return make


def phone() -> dict[str, str]:
    """A phone that nobody has."""
    return {"kind": "phone", "value": f"+39 333 {next(_phones):07d}"}


NOTHING = {"challenge_id": str(uuid4())}
MAKES: dict[str, Make] = {
    "me.home": plain(),
    "me.code": plain(),
    "me.number": plain(),
    "me.rules": plain(),
    "me.inbox": plain(),
    "me.inbox.read": plain(),
    "me.ways": plain(),
    "me.transfer": given({"kind": "transfer", "points": 10}),
    "me.donate": given({"points": 10, "cause": "forest"}),
    "me.identifier.remove": lambda things, whose: ({"identifier_id": str(uuid4())}, None),
    "me.proof": plain({}),
    "me.prove": lambda things, whose: (NOTHING, {"code": "000000"}),
}
ANYBODYS = set(MAKES)
REFUSED = {"me.identifier.remove": 404, "me.proof": 409, "me.prove": 403}
