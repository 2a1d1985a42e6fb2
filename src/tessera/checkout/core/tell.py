"""What is answered and what is kept of a decision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from tessera.base.clock import MAX_SKEW, local
from tessera.checkout.core.case import Case, Sold, key_of
from tessera.checkout.core.words import (
    Answer,
    Balance,
    GivenBack,
    Kept,
    LinePrice,
    Priced,
    Row,
)
from tessera.ledger import core as ledger
from tessera.ledger.core import Wallet
from tessera.rules.core.telling import EffectTold, tell_effects, tell_silent
from tessera.rules.core.texts import say_in
from tessera.rules.core.tongues import Tongue
from tessera.rules.core.words import Story
from tessera.warehouse.core import Line, Receipt, Return, ReturnLine, Store, lines_as_data

_encode = msgspec.json.Encoder().encode


def balance_of(case: Case) -> Balance | None:
    """Where the account stands after the operation; None without one."""
    return None if case.wallet is None else balance_at(case.wallet, case.now)


def balance_at(wallet: Wallet, now: datetime) -> Balance:
    """Where an account stands at that instant."""
    free, kept = ledger.available(wallet, now, now), ledger.held(wallet, now)
    wait = ledger.waiting(wallet, now)
    return Balance(free, kept, wallet.debt, wait + free + kept - wallet.debt, wait)


def answer(
    case: Case, kind: Literal["quote", "sale", "return", "event"], lines: Sequence[Line],
    story: Story, number: str, kept: Sequence[int] | None = None,
) -> Answer:  # fmt: skip
    """The till's answer, with the texts for the screen and the printed receipt."""
    balance, currency = balance_of(case), case.program.currency
    effects = tell_effects(story.effects, currency, staff=False, tongue=case.tongue)
    told = [effect.screen for effect in effects]
    slip = [effect.slip for effect in effects]
    if balance is not None:
        told.append(_balance(balance, currency, case.tongue))
        slip.append(say_in(case.tongue, SLIP, {"balance": balance.balance}, currency))
    return _SHAPES[kind](
        id=case.outcome_id, kind=kind, number=number, currency=currency,
        program_version=case.program.version, gross_minor=story.gross_minor,
        to_pay_minor=story.to_pay_minor, refund_minor=0, points_earned=story.points_earned,
        points_spent=story.points_spent, balance=balance,
        currencies={unit: balance_at(each, case.now) for unit, each in case.others.items()},
        lines=line_prices(lines, effects, kept), effects=effects,
        silent=tell_silent(story.silent, currency, staff=False, tongue=case.tongue),
        screen=tuple(told), slip=tuple(slip),
    )  # fmt: skip


_SHAPES: dict[str, type[Answer]] = {
    "quote": Priced, "sale": Priced, "return": GivenBack, "event": Answer,
}  # fmt: skip


def _balance(balance: Balance, currency: str, tongue: Tongue) -> str:
    numbers = {"balance": balance.balance, "pending": balance.pending}
    return say_in(tongue, WAITING if balance.pending else BALANCE, numbers, currency)


def with_gone(told: Answer, points: int, case: Case) -> Answer:
    """A receipt that comes so late that points of it had expired says how many, before all else."""
    if not points:
        return told
    gone = say_in(case.tongue, GONE, {"points": points}, case.program.currency)
    return msgspec.structs.replace(told, screen=(gone, *told.screen), slip=(gone, *told.slip))


GONE = "{points} points have expired already: this receipt is too old"
BALANCE = "balance {balance} points"
WAITING = "balance {balance} points, {pending} of them later"
SLIP = "Your points: {balance}"


def line_prices(
    lines: Sequence[Line], effects: Sequence[EffectTold], kept: Sequence[int] | None = None
) -> tuple[LinePrice, ...]:
    """Every line after Tessera: the effects' shares put beside the line they belong to."""
    taken = {"discount": [0] * len(lines), "payment": [0] * len(lines), "points": [0] * len(lines)}
    for effect in effects:
        column = taken.get(effect.kind)
        if column is not None and not effect.unit:
            for number, share in effect.lines:
                column[number - 1] += share
    prices = []
    for i, line in enumerate(lines):
        total = line.total()
        if kept is not None:
            total = (2 * total * kept[i] + line.quantity) // (2 * line.quantity)
        off, paid = taken["discount"][i], taken["payment"][i]
        prices.append(LinePrice(i + 1, total, total - off - paid, off, paid, taken["points"][i]))
    return tuple(prices)


def sale_row(case: Case, receipt: Receipt, kept: Kept) -> Row:
    """The row of a sale: what was bought, what came of it, and what the decision knew."""
    story = kept.story
    return Row(
        id=case.outcome_id, kind="sale", store_id=receipt.store, till=receipt.till,
        business_date=key_of(receipt, case.store).business_date, shift=receipt.shift,
        number=receipt.number, account_id=case.owner.account_id if case.owner else None,
        member_id=case.owner.member_id if case.owner else None, sale_id=None,
        happened_at=receipt.happened_at, local_at=_local_at(receipt.happened_at, case.store),
        posted_at=case.now, skewed=_skewed(case, receipt), cashier_id=receipt.cashier_id,
        entry_mode=receipt.entry_mode, card_scan_offset=receipt.card_scan_offset,
        gross_minor=story.gross_minor, to_pay_minor=story.to_pay_minor,
        points_earned=story.points_earned, points_spent=story.points_spent,
        program_version=case.program.version, lines=lines_as_data(receipt.lines),
        story=_encode(kept),
    )  # fmt: skip


def return_row(case: Case, back: Return, sold: Sold, state: Kept) -> Row:
    """The row of a return: the differences, and what the sale is after it."""
    before, after = sold.last.story, state.story
    return Row(
        id=case.outcome_id, kind="return", store_id=back.store, till=back.till,
        business_date=key_of(back, case.store).business_date, shift=back.shift, number=back.number,
        account_id=sold.row.account_id, member_id=sold.row.member_id, sale_id=sold.row.id,
        happened_at=back.happened_at, local_at=_local_at(back.happened_at, case.store),
        posted_at=case.now, skewed=False, cashier_id=back.cashier_id, entry_mode="return",
        card_scan_offset=None, gross_minor=after.gross_minor - before.gross_minor,
        to_pay_minor=after.to_pay_minor - before.to_pay_minor,
        points_earned=after.points_earned - before.points_earned,
        points_spent=after.points_spent - before.points_spent,
        program_version=sold.program.version,
        lines=_encode(_came_back(sold, state.kept)), story=_encode(state),
    )  # fmt: skip


def _came_back(sold: Sold, kept: Sequence[int]) -> list[ReturnLine]:
    """The units that came back with this return, line by line."""
    pairs = zip(sold.kept, kept, strict=True)
    return [ReturnLine(i, was - now) for i, (was, now) in enumerate(pairs, 1) if was > now]


def _local_at(at: datetime, store: Store) -> datetime:
    return local(at, store.time_zone).replace(tzinfo=None)


def _skewed(case: Case, receipt: Receipt) -> bool:
    """The till's clock was not about right when the receipt came in.

    Late uploads say `import`, tills that were cut off `offline`.
    """
    late = abs(receipt.happened_at - case.received_at) > MAX_SKEW
    return late and receipt.entry_mode != "import" and not receipt.offline
