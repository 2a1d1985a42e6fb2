"""Boards as a member sees them, and what others may read there."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.till.boards import MyBoards
from tessera.doors.web.page import Page, Shown, View
from tessera.doors.web.visit import Visit

PATH = "/m/boards"
CHOSEN = N_("That is what others read from now on.")
NAMELESS = N_("Others read “a member” from now on.")


async def show(visit: Visit) -> Shown:
    """Every board that has begun."""
    told = await visit.ask("me.boards")
    if isinstance(told, Refusal):
        return told
    assert isinstance(told, MyBoards)
    currency = visit.house.shop().program.currency
    return View("boards/boards.html", {
        "boards": told.items, "nickname": told.nickname, "currency": currency,
    })  # fmt: skip


async def choose(visit: Visit) -> Shown:
    """A nickname, or none."""
    nickname = visit.form.get("nickname").strip()
    done = await visit.ask("me.nickname", body={"nickname": nickname})
    return visit.done(done, PATH, CHOSEN if nickname else NAMELESS)


PAGES = (
    Page(
        name="boards.boards", path=PATH, show=show, title=N_("Boards"),
        purpose=N_("Your place among all members."), needs=("me.boards",),
        acts={"choose": choose},
    ),
)  # fmt: skip
