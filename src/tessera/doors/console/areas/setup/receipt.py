"""Step four: the cashier page on this device, or a receipt rung up right here."""

from __future__ import annotations

from typing import Any

from tessera.base.refusal import Refusal
from tessera.checkout.core import Answer
from tessera.doors.console.areas.setup.cards import PHONE
from tessera.doors.console.areas.setup.shop import issued
from tessera.doors.console.areas.setup.steps import RECEIPT
from tessera.doors.language.amounts import minor_of
from tessera.doors.language.local import Local
from tessera.doors.web.page import Shown, View
from tessera.doors.web.visit import Visit
from tessera.members.core import card_number

TILL = "console"
MOST_MINOR = 10**7
_SAMPLE = card_number("2900", 1)


async def show(visit: Visit) -> Shown:
    """Both ways; a card is proposed where there is one."""
    shop = visit.house.shop()
    return View("setup/receipt.html", await _values(visit) | {
        "stores": sorted(shop.stores.values(), key=lambda store: store.id), "answer": None,
        "phones": shop.program.unknown_cards == "batches",
    })  # fmt: skip


async def _values(visit: Visit) -> dict[str, Any]:
    batches = await visit.ask("card.batches")
    there = () if isinstance(batches, Refusal) else batches.items
    cards = [each.first_number for each in there if each.label != PHONE]
    known = cards[-1] if cards else ""
    usual = _SAMPLE if visit.house.shop().program.unknown_cards == "any" else ""
    return {"proposed": known or usual}


async def pair(visit: Visit) -> Shown:
    """A key of its own for this device."""
    return await issued(visit, visit.form.get("store"), visit.form.get("till") or "2", RECEIPT)


async def ring_up(visit: Visit) -> Shown:
    """A real receipt of one line. A phone that nobody has becomes a member first."""
    typed, minor = visit.form, _minor(visit.form.get("amount"), visit.local)
    if isinstance(minor, Refusal):
        return minor
    whose = await _whose(visit, typed.get("who"))
    if isinstance(whose, Refusal):
        return whose
    number = f"{visit.now:%H%M%S}{visit.now.microsecond // 1000:03d}"
    line = {"sku": "FIRST", "quantity": 1, "unit_minor": minor}
    body = {
        "store": typed.get("store"), "till": TILL, "number": number, "lines": [line],
        "happened_at": visit.now.isoformat(), "currency": visit.house.currency,
        "total_minor": minor, "entry_mode": "typed", **whose,
    }  # fmt: skip
    answer = await visit.ask("receipt.checkout", body=body, key=f"{typed.key}-sale")
    if isinstance(answer, Refusal):
        return answer
    assert isinstance(answer, Answer)
    return View("setup/rung.html", {
        "answer": answer, "number": number, "whose": bool(whose), "store": body["store"],
    })  # fmt: skip


async def _whose(visit: Visit, who: str) -> dict[str, Any] | Refusal:
    """The member of the receipt, as the receipt names one."""
    if not who:
        return {}
    if not who.startswith("+"):
        return {"card": "".join(who.split())}
    phone = {"kind": "phone", "value": "".join(who.split())}
    made = await visit.ask(
        "member.register", body={"identifiers": [phone]}, key=f"{visit.form.key}-who"
    )
    if isinstance(made, Refusal) and made.code not in ("identifier_taken", "merge_needed"):
        return made
    return {"identifier": phone}


def _minor(text: str, local: Local) -> int | Refusal:
    minor = minor_of(text)
    if minor is None or not 0 < minor <= MOST_MINOR:
        return Refusal(
            "amount_invalid", "amount", local.gettext("This is no amount."),
            local.gettext("Write it as 25 or 12.50."),
        )  # fmt: skip
    return minor


ACTS = {"pair": pair, "ring_up": ring_up}
