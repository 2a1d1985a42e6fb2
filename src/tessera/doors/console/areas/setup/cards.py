"""Step three: plastic cards, or phones only."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.settings.publishing import publish
from tessera.doors.console.areas.setup.steps import RECEIPT
from tessera.doors.language.words import N_
from tessera.doors.till.cards import CardBatch
from tessera.doors.web.page import Shown, View
from tessera.doors.web.visit import Visit

ISSUED = N_("The numbers are there: take them to your printer, now or later.")
PHONES = N_("Members show their phones. You can issue cards whenever you like.")
MOST = 100_000  # in one batch, from here
PHONE = "phone"  # the label by which numbers for phones are known


async def show(visit: Visit) -> Shown:
    """The choice, and the batches there are."""
    found = await visit.ask("card.batches")
    if isinstance(found, Refusal):
        return found
    return View("setup/cards.html", {"batches": found.items, "most": MOST})


async def save(visit: Visit) -> Shown:
    """Issue a batch, or none; from now on only numbers issued here are cards.

    Phones get numbers in either case: who joins without a card takes one of them.
    """
    typed = visit.form
    if typed.get("how") == "cards":
        count = typed.get("count")
        if not count.isdecimal() or not 0 < int(count) <= MOST:
            gettext, most = visit.local.gettext, visit.local.count(MOST)
            return Refusal(
                "count_invalid", "count",
                gettext("A batch has between 1 and %(most)s cards.") % {"most": most},
                gettext("Write how many you print."),
            )  # fmt: skip
        body = {"prefix": "2900", "count": int(count), "label": typed.get("label")}
        made = await visit.ask("card.issue", key=f"{typed.key}-cards", body=body)
        if not isinstance(made, CardBatch):
            return visit.done(made, RECEIPT)
    found = await visit.ask("card.batches")
    if not isinstance(found, Refusal) and PHONE not in {each.label for each in found.items}:
        body = {"prefix": "2901", "count": MOST, "label": PHONE}
        made = await visit.ask("card.issue", key=f"{typed.key}-phones", body=body)
        if not isinstance(made, CardBatch):
            return visit.done(made, RECEIPT)
    answer = await publish(
        visit, lambda body: body | {"unknown_cards": "batches"}, "Only cards issued here"
    )
    return visit.done(answer, RECEIPT, ISSUED if typed.get("how") == "cards" else PHONES)


ACTS = {"save": save}
