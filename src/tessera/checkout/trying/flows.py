"""A typed or a posted receipt is tried: what is known is looked up, nothing is written."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from tessera.base.clock import local
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout import db
from tessera.checkout.core.case import Case, facts_again, facts_of, fault_of
from tessera.checkout.core.words import Row, Shop
from tessera.checkout.flows.people import know
from tessera.checkout.flows.reading import know_budgets, wallet_of
from tessera.checkout.history.flows import know as know_history
from tessera.checkout.levels import flows as levels
from tessera.checkout.trying.core import Manner, Trial, tried
from tessera.ledger.core import Wallet
from tessera.members import core as members
from tessera.members import db as members_db
from tessera.members.core import Owner
from tessera.rules.core.words import Facts, Program
from tessera.warehouse.core import Identifier, Receipt, ReceiptKey, lines_from_data

_NOBODY = UUID(int=0)


async def try_typed(
    conn: db.Conn, shop: Shop, then: Program, receipt: Receipt, manner: Manner, now: datetime
) -> Trial | Refusal:  # fmt: skip
    """A receipt that somebody types; without a card a member's of whom that is so which is assumed.

    errors  as of a quote, with the fields of the receipt
    """
    store = shop.stores.get(receipt.store)
    if store is None:
        return Refusal("store_unknown", "store", "there is no such store", "create the store first")
    # Under the program that is tried: it decides what has to be known.
    case = Case(new_id(), then, store, now, iter(new_id, None), now)
    fault = fault_of(case, receipt)
    if fault is not None:
        return fault
    named = receipt.whose()
    if named is None:
        case.owner, case.wallet = (
            Owner(_NOBODY, _NOBODY, "active", True), Wallet(_NOBODY, loaded=True)
        )  # fmt: skip
        facts = replace(facts_of(case, receipt), who="", may_spend=True)
        spent = receipt.spend.points if receipt.spend else 0
        facts = replace(facts, available=spent)
    else:
        unknown = await _look_up(conn, shop, case, receipt, named)
        if unknown is not None:
            return unknown
        facts = facts_of(case, receipt)
        facts = replace(facts, known={**await _known_now(conn, shop, case, receipt), **facts.known})
    return tried(receipt.lines, manner.known(facts), shop.program, then, manner.tongue)


async def _look_up(
    conn: db.Conn, shop: Shop, case: Case, receipt: Receipt, named: Identifier
) -> Refusal | None:
    """Whose receipt it is, and what the tried program asks of that member."""
    field = "card" if receipt.card else "identifier"
    normal = members.normal(named.kind, named.value, shop.program.terms.enrolment.country)
    if isinstance(normal, Refusal):
        return replace(normal, field=field)
    owner = (await members_db.owners(await members_db.ask_owners(conn, [normal]))).get(normal)
    if owner is None:
        return Refusal(
            "card_unknown" if named.kind == "card" else "member_unknown", field,
            f"this {named.kind} belongs to nobody", "leave it out: then nothing is known",
        )  # fmt: skip
    case.owner, case.card = owner, shop.labels.of(normal)
    case.wallet = await wallet_of(conn, owner.account_id)
    await _know(conn, case, receipt)
    return None


async def _known_now(
    conn: db.Conn, shop: Shop, case: Case, receipt: Receipt
) -> dict[str, int]:  # fmt: skip
    """What the program that decides now asks of the same member."""
    other = Case(new_id(), shop.program, case.store, case.now, case.ids, case.now)
    other.owner, other.card, other.wallet = case.owner, case.card, case.wallet
    await _know(conn, other, receipt)
    return other.known


async def _know(conn: db.Conn, case: Case, receipt: Receipt) -> None:
    if case.owner is not None and case.program.plan.traits:
        people = await members_db.people(await members_db.ask_people(conn, [case.owner.member_id]))
        know(case, receipt, people.get(case.owner.member_id))
    day = local(receipt.happened_at, case.store.time_zone).date()
    await know_history(conn, [(case, day)], case.now.date(), marking=False)
    await know_budgets(conn, case, day)
    if case.wallet is not None:
        account = case.wallet.account_id
        today = case.now.date()
        case.known |= await levels.known(conn, case.program.tiers, account, day, today)


async def try_posted(
    conn: db.Conn, shop: Shop, then: Program, named: ReceiptKey | UUID, manner: Manner
) -> Trial | Refusal:
    """A sale that was posted, from what its decision knew. Errors: receipt_unknown, not_a_sale"""
    row = await _row(conn, named)
    if row is None:
        return Refusal(
            "receipt_unknown", "receipt", "there is no such receipt",
            "look at its store, till, date and number",
        )  # fmt: skip
    if row.sale_id is not None:
        return Refusal("not_a_sale", "receipt", "this receipt is itself a return", "name the sale")
    facts: Facts = facts_again(row, db.KEPT.decode(row.story).facts)
    lines = lines_from_data(row.lines)
    return tried(lines, manner.known(facts), shop.program, then, manner.tongue)


async def _row(conn: db.Conn, named: ReceiptKey | UUID) -> Row | None:
    if isinstance(named, UUID):
        return await db.one(conn, named)
    return (await db.receipts(await db.ask_identities(conn, [named]))).get(named)
