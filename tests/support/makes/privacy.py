"""Calls about what is held of a person."""

from __future__ import annotations

from support.makes.members import of_member
from support.things import Make, plain

WHY = {"reason": "the member asked"}
MAKES: dict[str, Make] = {
    "member.reveal": of_member({"fields": ["name"], **WHY}),
    "member.sights": of_member(),
    "member.export": of_member(WHY),
    "member.erase": of_member(WHY),
    "erasure.list": plain(),
    "me.export": plain({}),
    "me.erase": plain(),
}
ANYBODYS = {"erasure.list", "me.export", "me.erase"}
