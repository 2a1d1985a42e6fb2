"""One receipt as a till would send it, decided by a program and printed with every why."""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

import msgspec

from tessera.base.refusal import Refusal
from tessera.checkout.core.case import Case, facts_of, fault_of
from tessera.checkout.core.tell import answer
from tessera.doors.cli import slip
from tessera.doors.cli.program.sources import NoSource
from tessera.ledger.core import Wallet
from tessera.members.core import Owner
from tessera.rules.core.engine import settle
from tessera.rules.core.telling import tell_effects, tell_silent
from tessera.rules.core.words import Program
from tessera.warehouse.core import Receipt, Store

_NOBODY = UUID(int=0)
UNKNOWN = "nothing is known here of the member's history and person: a test in tests/ can tell it"


def printed(raw: str, program: Program) -> str:
    """The receipt as the program decides it; the store's local time is the one it says.

    A card that is shown is a registered member's, who has the points that are to be spent.
    errors  NoSource: it is no receipt, or not a sound one
    """
    try:
        receipt = msgspec.json.decode(raw, type=Receipt)
    except (msgspec.MsgspecError, RecursionError) as wrong:
        raise NoSource(f"this is no receipt: {wrong}") from wrong
    receipt = msgspec.structs.replace(receipt, happened_at=receipt.happened_at.replace(tzinfo=UTC))
    at, store = receipt.happened_at, Store(receipt.store, receipt.store, "UTC")
    case = Case(_NOBODY, program, store, at, iter(()), at)
    if receipt.whose() is not None:
        case.owner = Owner(_NOBODY, _NOBODY, "active", True)
        case.wallet = Wallet(_NOBODY, loaded=True)
    fault = fault_of(case, receipt)
    if isinstance(fault, Refusal):
        raise NoSource(f"{fault.code} {fault.field}: {fault.why}\n{fault.cure}")
    facts = facts_of(case, receipt)
    facts = msgspec.structs.replace(facts, available=receipt.spend.points if receipt.spend else 0)
    story = settle(receipt.lines, facts, program)
    told = answer(case, "quote", receipt.lines, story, receipt.number)
    told = msgspec.structs.replace(
        told, balance=None, effects=tell_effects(story.effects, program.currency, staff=True),
        silent=tell_silent(story.silent, program.currency, staff=True),
    )  # fmt: skip
    return slip.sold(receipt, told)
