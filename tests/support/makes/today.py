"""Calls about the first page and the first owner."""

from __future__ import annotations

from support.things import Make, plain

MAKES: dict[str, Make] = {
    "today.read": plain(),
    "setup.read": plain(),
    "setup.owner": plain({"code": "never-given", "name": "Ada", "email": "ada@example.org"}),
}
REFUSED = {"setup.owner": 403}

ANYBODYS = {"today.read", "setup.read", "setup.owner"}
