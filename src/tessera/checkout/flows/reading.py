"""Looking without writing: whose card, a quote, a receipt and its history, told again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import blake2b
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from tessera.access.core import Principal, Replay
from tessera.base.clock import local
from tessera.base.ids import new_id
from tessera.base.money import half_up
from tessera.base.refusal import Refusal
from tessera.budgets import flows as budgets
from tessera.budgets.core import Place
from tessera.checkout import db
from tessera.checkout.core.case import Case, Decision, fault_of
from tessera.checkout.core.coupons import gave, make_known, to_use, told
from tessera.checkout.core.paging import following, last_seen
from tessera.checkout.core.sale import decide_quote
from tessera.checkout.core.tell import balance_at
from tessera.checkout.core.words import (
    Answer,
    Balance,
    GivenBack,
    LineTold,
    Page,
    Priced,
    Quote,
    Row,
    Shop,
    Told,
)
from tessera.checkout.flows import events
from tessera.checkout.flows.kin import know_limits
from tessera.checkout.flows.people import know
from tessera.checkout.history.flows import know as know_history
from tessera.checkout.levels import flows as levels
from tessera.ledger import db as ledger_db
from tessera.ledger.core import Wallet, wallet_id
from tessera.ledger.joining import db as joining_db
from tessera.members import core as members
from tessera.members import db as members_db
from tessera.members.core import Owner
from tessera.members.households import db as households_db
from tessera.members.showing import core as showing
from tessera.members.showing import db as showing_db
from tessera.members.showing import flows as showing_flows
from tessera.rewards.coupons.core.book import Seen
from tessera.rewards.coupons.flows import Desk, Shown, marks_of
from tessera.rules.core.telling import Hearer, tell_effects, tell_silent
from tessera.rules.core.tongues import ENGLISH, Tongue
from tessera.rules.core.words import Program
from tessera.warehouse.core import Identifier, Line, Receipt, ReturnLine, lines_from_data


async def wallet_of(conn: db.Conn, account_id: UUID) -> Wallet:
    """An account as it is now, with its lots and holds, unlocked."""
    found = await ledger_db.wallets(await ledger_db.ask_read(conn, [account_id]))
    if account_id not in found:
        return Wallet(account_id, loaded=True)
    await ledger_db.load_lots(conn, found, [account_id], [])
    return found[account_id]


async def account_balance(conn: db.Conn, account_id: UUID, now: datetime) -> Balance:
    """Where an account stands."""
    return balance_at(await wallet_of(conn, account_id), now)


async def balances(
    conn: db.Conn, account_id: UUID, program: Program, now: datetime
) -> dict[str, Balance]:
    """Where an account stands in each currency in which it ever had points, in their order.

    shape  the program's own points first, under ""
    """
    ids = {unit: wallet_id(account_id, unit) for unit in program.lives}
    found = await ledger_db.wallets(await ledger_db.ask_read(conn, list(ids.values())))
    if found:
        await ledger_db.load_lots(conn, found, list(found), [])
    found.setdefault(account_id, Wallet(account_id, loaded=True))
    return {unit: balance_at(found[id_], now) for unit, id_ in ids.items() if id_ in found}


async def quote(  # noqa: PLR0913 - who asks, by which key, in which language
    conn: db.Conn,
    shop: Shop,
    asked: Quote,
    now: datetime,
    trusted: bool,
    key_id: UUID,
    tongue: Tongue = ENGLISH,
    looking: Looking | None = None,
) -> Answer | Refusal:
    """What a basket would bring, without a trace. `trusted` callers may name anybody.

    key_id   who asks: a code's handle is made for one key
    looking  how coupons are looked up; None: none is shown
    """
    receipt = asked.basket
    store = shop.stores.get(receipt.store)
    if store is None:
        return Refusal("store_unknown", "store", "there is no such store", "create the store first")
    program = shop.program_at(receipt.happened_at)
    case = Case(new_id(), program, store, now, iter(new_id, None), now, tongue=tongue)
    fault = fault_of(case, receipt)
    if fault is not None:
        return fault
    named = receipt.whose()
    if named is not None:
        owner = await (
            _coded(conn, case, named, key_id)
            if named.kind == "card" and showing.is_code(named.value)
            else _whose(conn, shop, receipt, named, trusted)
        )
        if isinstance(owner, Refusal):
            return owner
        case.owner = owner
        case.wallet = await wallet_of(conn, owner.account_id)
        await know_limits(conn, [(case, receipt)])
        await _know_person(conn, shop, case, receipt, named)
        day = local(receipt.happened_at, store.time_zone).date()
        await know_history(conn, [(case, day)], now.date(), marking=False)
        tiers, account = program.tiers, owner.account_id
        case.known |= await levels.known(conn, tiers, account, day, now.date())
        await know_budgets(conn, case, day)
    shown = await _see(case, receipt, looking) if looking is not None else []
    make_known(case, shown)
    decided = decide_quote(case, asked)
    if not isinstance(decided, Decision):
        return decided
    if not shown or decided.story is None:
        return decided.answer
    used = to_use(shown, gave(decided.story, program.coupon_rules), ())
    said = told(case, receipt, shown, used)
    return msgspec.structs.replace(decided.answer, coupons=said)


class Looking(NamedTuple):
    """A connection of its own for wrong codes, which are counted; who shows them, from where."""

    conn: db.Conn
    principal: Principal
    address: str


async def _see(case: Case, receipt: Receipt, looking: Looking) -> list[Seen]:
    """The coupons of a dry quote. What is counted is committed by whose connection it is."""
    day = local(receipt.happened_at, case.store.time_zone).date()
    member = case.owner.member_id if case.owner is not None else None
    place = (receipt.store, receipt.till)
    marks = marks_of(looking.principal, place, member, looking.address)
    shown = Shown(receipt.coupons, case.program.coupons, day, member, marks)
    desk = Desk(case.now)
    await desk.look(looking.conn, shown)
    seen = desk.see(shown)
    await desk.write_misses(looking.conn)
    return seen


async def know_budgets(conn: db.Conn, case: Case, day: date) -> None:
    """What is left of the program's budgets at this store, on this day."""
    if case.owner is not None and case.program.budgets:
        member = case.owner.member_id.hex
        place = Place(day, case.store.id, case.store.region, member)
        case.known.update(await budgets.left(conn, case.program.budgets, place, case.now))


async def _know_person(
    conn: db.Conn, shop: Shop, case: Case, receipt: Receipt, named: Identifier
) -> None:
    """What the program asks of the person, and of which batch the card is."""
    case.card = shop.labels.of(named)
    if case.owner is not None and case.program.plan.traits:
        people = await members_db.people(
            await members_db.ask_people(conn, [case.owner.member_id])
        )  # fmt: skip
        know(case, receipt, people.get(case.owner.member_id))


async def _coded(
    conn: db.Conn, case: Case, named: Identifier, key_id: UUID
) -> Owner | Refusal:  # fmt: skip
    """Whose phone's code it is; the case knows whether it is fresh."""
    found = showing_flows.scanned(named.value, case.now, key_id)
    if isinstance(found, Refusal):
        return found
    case.fresh = found.fresh
    owner = (await showing_db.owners(conn, [found.member_id])).get(found.member_id)
    if owner is None:
        return Refusal("card_unknown", "card", "this card belongs to nobody", "use another card")
    return owner if owner.status == "active" else _unusable(owner, "card")


async def _whose(
    conn: db.Conn, shop: Shop, receipt: Receipt, named: Identifier, trusted: bool
) -> Owner | Refusal:
    field = "card" if receipt.card else "identifier"
    normal = members.normal(named.kind, named.value, shop.program.terms.enrolment.country)
    if isinstance(normal, Refusal):
        value = "card" if receipt.card else "identifier.value"
        return msgspec.structs.replace(normal, field=value)
    owner = (await members_db.owners(await members_db.ask_owners(conn, [normal]))).get(normal)
    if owner is not None and owner.status != "active":
        return _unusable(owner, field)
    if owner is not None:
        return owner
    anyone = trusted or (named.kind == "card" and shop.program.unknown_cards == "any")
    if anyone or members.in_batch(normal.value, await members_db.batches(conn)):
        # The same stand-in each time: samples and the control group are drawn by the member's id.
        alike = UUID(
            bytes=blake2b(f"{normal.kind}:{normal.value}".encode(), digest_size=16).digest()
        )
        return Owner(alike, alike, "active", False)
    return Refusal(
        "card_unknown" if named.kind == "card" else "member_unknown", field,
        f"this {named.kind} belongs to nobody",
        "use a card that was issued here, or register the member first",
    )  # fmt: skip


def _unusable(owner: Owner, field: str) -> Refusal:
    return Refusal(
        f"card_{owner.status}", field, f"this card is {owner.status}",
        "ask for another card, or see the office",
    )  # fmt: skip


async def receipt(
    conn: db.Conn, receipt_id: UUID, currency: str, *, staff: bool, tongue: Tongue = ENGLISH
) -> tuple[str, Told] | Refusal:
    """(store, receipt) by id, with why it gave what it gave; hidden rules only for `staff`."""
    row = await db.one(conn, receipt_id)
    if row is None:
        return Refusal("receipt_unknown", "receipt_id", "there is no such receipt", "check its id")
    return row.store_id, (await tell(conn, [row], currency, staff=staff, tongue=tongue))[0]


async def receipt_of(
    conn: db.Conn, receipt_id: UUID, account_id: UUID, currency: str, tongue: Tongue = ENGLISH
) -> Told | None:
    """A receipt of this account as its member may see it; None if it is not the account's."""
    row = await db.one(conn, receipt_id)
    if row is None or row.account_id is None:
        return None
    if row.account_id != account_id and (
        await households_db.is_shared(conn, account_id)
        or await joining_db.current(conn, row.account_id) != account_id
    ):
        return None
    return (await tell(conn, [row], currency, staff=False, tongue=tongue))[0]


async def history(
    conn: db.Conn,
    account_id: UUID,
    word: str | None,
    limit: int,
    currency: str,
    to: Hearer,
) -> Page | Refusal:
    """An account's receipts, newest first, page by page; hidden rules only for staff."""
    last = last_seen(word)
    if isinstance(last, Refusal):
        return last
    # Who looks at a household's account sees what was bought with it, not what each did before.
    shared = not to.staff and await households_db.is_shared(conn, account_id)
    accounts = [account_id] if shared else await joining_db.with_below(conn, account_id)
    rows = await db.history(conn, accounts, last, limit + 1)
    told = await tell(conn, rows[:limit], currency, staff=to.staff, tongue=to.tongue)
    return Page(tuple(told), following(rows, limit))


async def tell(
    conn: db.Conn, rows: Sequence[Row], currency: str, *, staff: bool, tongue: Tongue = ENGLISH
) -> list[Told]:
    """Receipts as they are told: a return with the lines that came back and its sale's number."""
    sales = [row.sale_id for row in rows if row.sale_id is not None]
    sold = await db.sale_lines(conn, sales) if sales else {}
    told = []
    for row in rows:
        kept = db.KEPT.decode(row.story)
        sale, lines = sold[row.sale_id] if row.sale_id else ("", row.lines)
        told.append(
            Told(
                id=row.id, kind=row.kind, store=row.store_id, till=row.till,
                business_date=row.business_date, shift=row.shift, number=row.number,
                happened_at=row.happened_at, local_at=row.local_at, posted_at=row.posted_at,
                currency=currency, gross_minor=row.gross_minor, to_pay_minor=row.to_pay_minor,
                points_earned=row.points_earned, points_spent=row.points_spent,
                program_version=row.program_version, sale=sale, take_back=kept.take_back,
                effects=tell_effects(
                    kept.story.effects, currency, staff=staff, tongue=tongue
                ),
                silent=tell_silent(kept.story.silent, currency, staff=staff, tongue=tongue)
                if row.sale_id is None
                else (),
                lines=_lines_told(lines_from_data(lines), row),
            )
        )  # fmt: skip
    return told


def _lines_told(lines: Sequence[Line], row: Row) -> tuple[LineTold, ...]:
    """A sale's lines, or the part of its sale's lines that a return brought back."""
    units = [line.quantity for line in lines]
    if row.sale_id is not None:
        back = msgspec.json.decode(row.lines, type=list[ReturnLine])
        came = {line.line: line.quantity for line in back}
        units = [came.get(i, 0) for i in range(1, len(lines) + 1)]
    return tuple(
        LineTold(
            line.sku, line.name, count, line.unit, half_up(line.total() * count, line.quantity)
        )
        for line, count in zip(lines, units, strict=True)
        if count
    )


async def retell(conn: db.Conn, replay: Replay, currency: str) -> bytes:
    """The answer of a call whose bytes were dropped, from the stored effects, marked so.

    Of what leaves no receipt (a cancelled quote) only its kind is left to tell.
    """
    if replay.operation == "event.post":
        return await events.retell(conn, replay.outcome_id, currency)
    row = await db.one(conn, replay.outcome_id)
    if row is None:
        return await _retell_without_receipt(conn, replay, currency)
    kept = db.KEPT.decode(row.story)
    sold = row.kind == "sale"
    made = Priced if sold else GivenBack
    answer = made(
        id=row.id, kind="sale" if sold else "return", number=row.number,
        program_version=row.program_version, gross_minor=kept.story.gross_minor,
        to_pay_minor=kept.story.to_pay_minor, refund_minor=kept.refund_minor,
        points_earned=row.points_earned, points_spent=row.points_spent,
        effects=tell_effects(kept.story.effects, currency, staff=False),
        silent=tell_silent(kept.story.silent, currency, staff=False), take_back=kept.take_back,
        retold=True,
    )  # fmt: skip
    return msgspec.json.encode(answer)


async def _retell_without_receipt(conn: db.Conn, replay: Replay, currency: str) -> bytes:
    given = (await db.promises(conn, [replay.outcome_id])).get(replay.outcome_id)
    if given is None:
        kind: Literal["parked", "cancelled"] = (
            "parked" if replay.operation == "receipt.return" else "cancelled"
        )
        return msgspec.json.encode(Answer(id=replay.outcome_id, kind=kind, retold=True))
    story = given.story
    answer = Priced(
        id=given.id, kind="quote", program_version=given.program_version,
        gross_minor=story.gross_minor, to_pay_minor=story.to_pay_minor,
        points_earned=story.points_earned, points_spent=story.points_spent,
        effects=tell_effects(story.effects, currency, staff=False),
        silent=tell_silent(story.silent, currency, staff=False), held_until=given.deadline,
        retold=True,
    )  # fmt: skip
    return msgspec.json.encode(answer)
