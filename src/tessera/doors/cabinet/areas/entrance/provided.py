"""Signing in, or joining, with an account elsewhere: out to the provider and back."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.cabinet.areas.entrance.onward import come_in
from tessera.doors.web.page import Shown, View
from tessera.doors.web.visit import Visit


async def begin(visit: Visit) -> Shown:
    """The way to the provider, for the script: it keeps the binding in its tab."""
    begun = await visit.ask("join.provider", body={})
    return begun if isinstance(begun, Refusal) else visit.told(begun)


async def show(visit: Visit) -> Shown:
    """The script of this page sends what it kept: no cookie comes along from another site."""
    return View("entrance/back.html")


async def come_back(visit: Visit) -> Shown:
    """What the provider sent back, and what the tab kept: joined, or signed in."""
    said = visit.form.data
    body = {"code": said.get("code", ""), "binding": said.get("binding", ""),
            "language": visit.local.language}  # fmt: skip
    path = {"state": said.get("state", "")}
    return await come_in(visit, await visit.ask("join.back", path=path, body=body))
