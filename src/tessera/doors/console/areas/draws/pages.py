"""Every draw of the program, and one of them with what was won in it."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.till.draws import DrawsView, DrawView, DrawWins
from tessera.doors.web.page import Menu, Page, Shown, View
from tessera.doors.web.visit import Visit

PATH = "/console/draws"
STATES = {
    "to_come": (N_("to come"), "plain"), "open": (N_("under way"), "good"),
    "due": (N_("to be drawn"), "warn"), "over": (N_("has ended"), "plain"),
    "not_declared": (N_("no longer in the program"), "plain"),
}  # fmt: skip
DRAWN = N_("It is drawn: the winners and the seed are shown.")
HANDED = N_("The prize is in the winner's hands.")


async def show(visit: Visit) -> Shown:
    """The draws, by their codes."""
    found = await visit.ask("draw.list")
    if isinstance(found, Refusal):
        return found
    assert isinstance(found, DrawsView)
    return View("draws/list.html", {"draws": found.items, "states": STATES})


async def show_one(visit: Visit) -> Shown:
    """One draw: prizes, seed, winners."""
    code = visit.words["draw"]
    if visit.may("draw.read"):
        found = await visit.ask("draw.read", path={"draw": code})
        if isinstance(found, Refusal):
            return found
        assert isinstance(found, DrawWins)
        return _one(found.draw, found)
    every = await visit.ask("draw.list")
    if isinstance(every, Refusal):
        return every
    assert isinstance(every, DrawsView)
    mine = next((each for each in every.items if each.draw == code), None)
    if mine is None:
        return Refusal("draw_unknown", "draw", f"there is no draw {code}", "go back to the list")
    return _one(mine, None)


def _one(draw: DrawView, wins: DrawWins | None) -> View:
    return View("draws/one.html", {
        "draw": draw, "wins": wins.wins if wins is not None else None, "states": STATES,
    })  # fmt: skip


async def run(visit: Visit) -> Shown:
    """Draw, once, after the last day."""
    code = visit.words["draw"]
    done = await visit.ask("draw.run", path={"draw": code})
    return visit.done(done, f"{PATH}/{code}", DRAWN)


async def hand_over(visit: Visit) -> Shown:
    """A prize is in the winner's hands."""
    code, win_id = visit.words["draw"], visit.form.get("win_id")
    done = await visit.ask("draw.hand_over", path={"draw": code, "win_id": win_id})
    return visit.done(done, f"{PATH}/{code}", HANDED)


PAGES: tuple[Page, ...] = (
    Page(
        name="draws.draws", path=PATH, show=show, title=N_("Draws"),
        purpose=N_("What can be won, with what chance, and who has won it."),
        needs=("draw.list",), menu=Menu("program", 50, N_("Draws"), "challenge"),
    ),
    Page(
        name="draws.draw", path=PATH + "/{draw}", show=show_one, title=N_("Prize draw"),
        purpose=N_("What can be won here, how many tickets there are, and the proof that it is "
                   "fair."),
        needs=("draw.list",), acts={"run": run, "hand_over": hand_over},
    ),
)  # fmt: skip
