"""The first owner comes in; then four steps until the first receipt."""

from __future__ import annotations

from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.entrance import arriving
from tessera.doors.console.areas.entrance.onward import SIGN_IN
from tessera.doors.console.areas.setup import cards, rate, receipt, shop
from tessera.doors.console.areas.setup.steps import CARDS, RATE, RECEIPT, SHOP
from tessera.doors.language.words import N_
from tessera.doors.till.beginning import Founded, SetupState
from tessera.doors.web.page import Page, See, Shown, View
from tessera.doors.web.visit import Visit


async def show(visit: Visit) -> Shown:
    """The form for the first owner; where somebody works already, the way in."""
    state = await visit.ask("setup.read")
    if not (isinstance(state, SetupState) and state.open):
        return See(SIGN_IN)
    if visit.posted and visit.form.get("app_secret"):
        return await arriving.show(visit)
    return View("setup/setup.html")


async def found(visit: Visit) -> Shown:
    """Who has the code is invited, and goes straight on with password and app."""
    body = {name: visit.form.get(name) for name in ("code", "name", "email")}
    done = await visit.ask("setup.owner", body=body)
    if isinstance(done, Refusal):
        return done
    assert isinstance(done, Founded)
    return await arriving.greet(visit, done.invitation)


_NEEDS = {
    "shop": "store.put", "rate": "program.publish", "cards": "card.issue", "receipt": "card.issue",
}  # fmt: skip


def _step(name: str, path: str, part: Any, title: str, purpose: str) -> Page:
    return Page(
        name=f"setup.{name}", path=path, show=part.show, acts=part.ACTS, title=title,
        purpose=purpose, needs=(_NEEDS[name],),
    )  # fmt: skip


PAGES: tuple[Page, ...] = (
    Page(
        name="setup.setup", path=arriving.FIRST, show=show, open=True,
        title=N_("Welcome to Tessera"),
        purpose=N_("Nobody works here yet. Whoever started this installation becomes its owner."),
        acts={"found": found, "use": arriving.use},
    ),
    _step("shop", SHOP, shop, N_("Your shop"),
          N_("What it is called, and the first place where you sell.")),
    _step("rate", RATE, rate, N_("What members earn"),
          N_("Points for every purchase. You can change it whenever you like.")),
    _step("cards", CARDS, cards, N_("Cards"),
          N_("How a member is recognised at the till.")),
    _step("receipt", RECEIPT, receipt, N_("The first receipt"),
          N_("Ring something up, and see what a member gets for it.")),
)  # fmt: skip
