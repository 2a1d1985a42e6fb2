"""The four steps until a shop is useful, and which of them are done. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tessera.doors.language.words import N_
from tessera.doors.till.today import Begun
from tessera.program.core.reader import STARTER_NAME
from tessera.rules.core.words import Program

SHOP, RATE = "/console/begin/shop", "/console/begin/rate"
CARDS, RECEIPT = "/console/begin/cards", "/console/begin/receipt"


@dataclass(frozen=True, slots=True)
class Step:
    """A step: sentences of the catalogue, where it is taken, whether it is done or the next one."""

    title: str
    about: str
    label: str
    href: str
    done: bool
    next: bool = False


def steps(begun: Begun, program: Program) -> list[Step]:
    """The four steps; the first that is not done is the next one."""
    made = [
        Step(N_("Your shop"), N_("Its name, its first store, its first till."),
             N_("Set up the shop"), SHOP, begun.stores > 0 and begun.tills > 0),
        Step(N_("What members earn"), N_("Points for every purchase: choose how many."),
             N_("Choose the rate"), RATE, program.name != STARTER_NAME),
        Step(N_("Cards"), N_("Print plastic cards, or let members use their phones only."),
             N_("Decide on cards"), CARDS, begun.batches or program.unknown_cards == "batches"),
        Step(N_("The first receipt"), N_("Ring something up and see the points."),
             N_("Ring it up"), RECEIPT, begun.receipts),
    ]  # fmt: skip
    following = next((at for at, step in enumerate(made) if not step.done), None)
    return [replace(step, next=at == following) for at, step in enumerate(made)]
