"""Every board of the program, and one of them with its first members and its winners."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.till.boards import BoardStandings, BoardsView
from tessera.doors.web.page import Menu, Page, Shown, View
from tessera.doors.web.visit import Visit

PATH = "/console/boards"
STATES = {
    "to_come": (N_("to come"), "plain"), "open": (N_("under way"), "good"),
    "waiting": (N_("over, waiting for returns"), "warn"), "closed": (N_("has ended"), "plain"),
    "not_declared": (N_("no longer in the program"), "plain"),
}  # fmt: skip
CLOSED = N_("It is closed. The points come within a minute.")


async def show(visit: Visit) -> Shown:
    """The boards, those that end last first."""
    found = await visit.ask("board.list")
    if isinstance(found, Refusal):
        return found
    assert isinstance(found, BoardsView)
    return View("boards/list.html", {"boards": found.items, "states": STATES})


async def show_one(visit: Visit) -> Shown:
    """One board: what wins, who leads, who has won."""
    code = visit.words["board"]
    if visit.may("board.read"):
        found = await visit.ask("board.read", path={"board": code})
        if isinstance(found, Refusal):
            return found
        assert isinstance(found, BoardStandings)
        return _one(visit, found)
    every = await visit.ask("board.list")
    if isinstance(every, Refusal):
        return every
    assert isinstance(every, BoardsView)
    mine = next((each for each in every.items if each.board == code), None)
    if mine is None:
        return Refusal("board_unknown", "board", f"there is no board {code}", "go back to the list")
    return _one(visit, BoardStandings(mine, [], []))


def _one(visit: Visit, found: BoardStandings) -> View:
    return View("boards/one.html", {
        "board": found.board, "standings": found.standings, "winners": found.winners,
        "states": STATES, "currency": visit.house.shop().program.currency,
    })  # fmt: skip


async def close(visit: Visit) -> Shown:
    """Close it, once, after the last day."""
    code = visit.words["board"]
    done = await visit.ask("board.close", path={"board": code})
    return visit.done(done, f"{PATH}/{code}", CLOSED)


PAGES: tuple[Page, ...] = (
    Page(
        name="boards.boards", path=PATH, show=show, title=N_("Boards"),
        purpose=N_("Who does most in a period, and what the first places win."),
        needs=("board.list",), menu=Menu("program", 55, N_("Boards"), "tiers"),
    ),
    Page(
        name="boards.board", path=PATH + "/{board}", show=show_one, title=N_("Board"),
        purpose=N_("What counts, until when, and what the first places win."),
        needs=("board.list",), acts={"close": close},
    ),
)  # fmt: skip
