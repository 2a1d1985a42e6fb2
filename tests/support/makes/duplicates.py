"""Calls about members who may be one person."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from support.things import Made, Make, Things, Whose, plain


def pair(body: Any) -> Make:
    """A pair that waits for a verdict, as a search would have written it."""

    def make(things: Things, whose: Whose) -> Made:
        if whose == "random":
            return {"pair_id": str(uuid4())}, body
        one, other = sorted((things.member(), things.member()))
        made = str(uuid4())
        things.api.eye.execute(
            "INSERT INTO members.likely (id, one, other, weight, evidence, found_at)"
            " VALUES (%s, %s, %s, 120, '[]', now())",
            (made, one, other),
        )
        return {"pair_id": made}, body

    return make


MAKES: dict[str, Make] = {
    "duplicate.near": plain({"given_name": "Anna", "family_name": "Rossi"}),
    "duplicate.list": plain(),
    "duplicate.different": pair({"reason": "twins"}),
    "duplicate.same": pair({"reason": "registered twice"}),
}
ANYBODYS = {"duplicate.near", "duplicate.list"}
