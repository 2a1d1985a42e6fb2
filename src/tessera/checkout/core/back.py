"""Decides a return: the difference between what a sale is and what its kept part would be. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from tessera.base.refusal import Refusal
from tessera.checkout.core.case import Case, Decision, Sold, facts_again, timing_fault
from tessera.checkout.core.gifts import screen, to_take_back
from tessera.checkout.core.living import earn, pass_time
from tessera.checkout.core.tell import BALANCE, answer, balance_of, return_row
from tessera.checkout.core.words import Row
from tessera.checkout.history.core.contents import Contents, changes, counted, named, of_receipt
from tessera.ledger import core as ledger
from tessera.ledger.core import MAIN, Back, Stamp
from tessera.rules.core.engine import settle_kept
from tessera.rules.core.texts import Numbers, Template, say_in
from tessera.rules.core.words import Story
from tessera.warehouse.core import Return, ReturnLine


def decide_return(case: Case, back: Return, sold: Sold) -> Decision | Refusal:
    """Post the difference between what the sale is and what its kept part would have been.

    Cumulative: the result depends on what is kept, not on how many returns it took.
    """
    refusal = timing_fault(back.happened_at, case.now)
    kept = refusal or keep(sold, back.named())
    if isinstance(kept, Refusal):
        return kept
    before = sold.last.story
    facts = facts_again(sold.row, sold.first.facts)
    after = settle_kept(sold.lines, facts, sold.program, kept, before, explain=False)
    stamp = case.stamp(back.happened_at)
    if case.wallet is not None:
        _post_return(case, stamp, sold, before, after)
    refund = before.to_pay_minor - after.to_pay_minor
    gone = to_take_back(before, after)
    was, contents = _contents(sold, after, kept)
    state = msgspec.structs.replace(
        sold.first, story=after, kept=kept, refund_minor=refund, take_back=gone,
        counted=counted(contents),
    )  # fmt: skip
    row = return_row(case, back, sold, state)
    told = answer(case, "return", sold.lines, after, back.number, kept)
    told = msgspec.structs.replace(
        told, refund_minor=refund, program_version=sold.program.version,
        points_earned=row.points_earned, points_spent=row.points_spent, take_back=gone,
        screen=(
            *screen(gone, case.program.currency, case.tongue), *_return_screen(case, row, refund),
        ),
        slip=_return_screen(case, row, refund),
    )  # fmt: skip
    day, store = sold.row.local_at.date(), sold.row.store_id
    history = [
        change
        for account in (sold.row.account_id, *sold.above)
        for change in changes(account, day, store, contents, was)
    ]
    return Decision(told, after, before, row, history=history)


def _contents(sold: Sold, after: Story, kept: tuple[int, ...]) -> tuple[Contents, Contents]:
    """What the sale is in its account's history before the return, and after it."""
    if sold.row.account_id is None:
        return {}, {}
    skus, last = named("s:", sold.last.counted), sold.last
    was = of_receipt(sold.lines, last.story, sold.kept, skus, named("g:", last.counted))
    return was, of_receipt(sold.lines, after, kept, skus, sold.program.plan.capped)


def keep(sold: Sold, lines: Sequence[ReturnLine]) -> tuple[int, ...] | Refusal:
    """Units of each line that stay sold; never more comes back than is there."""
    kept = list(sold.kept)
    if not any(kept):
        return Refusal(
            "nothing_left", "sale", f"receipt {sold.row.number} has been returned whole",
            "check the receipt's number",
        )  # fmt: skip
    for index, line in enumerate(lines):
        if line.line > len(kept):
            return Refusal(
                "line_unknown", f"lines[{index}].line", f"the sale has {len(kept)} lines",
                "count the sale's lines from 1",
            )  # fmt: skip
        left = kept[line.line - 1]
        if line.quantity > left:
            return Refusal(
                "return_above_sale", f"lines[{index}].quantity",
                f"{line.quantity} come back, {left} of line {line.line} are still sold",
                f"return {left} or fewer",
            )  # fmt: skip
        kept[line.line - 1] = left - line.quantity
    return tuple(kept) if lines else (0,) * len(kept)


def _post_return(case: Case, stamp: Stamp, sold: Sold, before: Story, after: Story) -> None:
    wallet, program = case.wallet, sold.program
    assert wallet is not None
    for unit, life in program.lives.items():
        each = case.wallet if not unit else case.others.get(unit)
        if each is not None:
            pass_time(case, each, stamp, life)
    was, now = before.earned(), after.earned()
    for unit in dict.fromkeys((*was, *now)):
        _post_earned(case, stamp, sold, unit, was.get(unit, 0) - now.get(unit, 0))
    spent_less = before.points_spent - after.points_spent
    if spent_less > 0:
        days = program.refund_grace_days
        grace = case.now + timedelta(days=days) if days else None
        fresh = program.lives[MAIN].terms(stamp.happened_at, case.store.time_zone)
        back = Back(grace, fresh, program.net_debt)
        ledger.give_back(wallet, stamp, sold.spent, spent_less, back, case.ids.__next__)
        if program.net_debt:
            ledger.net_debt(wallet, stamp)


def _post_earned(case: Case, stamp: Stamp, sold: Sold, unit: str, less: int) -> None:
    """So many points fewer are earned in a currency; below zero: more."""
    wallet, life = case.wallet_in(unit), sold.program.lives[unit]
    assert wallet is not None
    if less > 0:
        own = {sold.row.id, *sold.returns}
        # Before, and just now (`pass_time`).
        gone = sold.gone.get(wallet.account_id, 0) + ledger.expired_of(wallet, wallet.moves, own)
        ledger.take_back(wallet, stamp, own, less, life.clawback_other_lots, gone)
    elif less < 0:
        earn(case, sold.program, stamp, {unit: -less}, sold.row.number)


def _return_screen(case: Case, row: Row, refund_minor: int) -> tuple[str, ...]:
    said: list[tuple[Template, Numbers]] = [(REFUND, {"refund_minor": refund_minor})]
    if row.points_earned:
        said.append((TAKEN_BACK, {"points": row.points_earned}))
    if row.points_spent:
        said.append((GIVEN_BACK, {"points": -row.points_spent}))
    balance = balance_of(case)
    if balance is not None:
        said.append((BALANCE, {"balance": balance.balance}))
    currency = case.program.currency
    return tuple([say_in(case.tongue, text, numbers, currency) for text, numbers in said])


REFUND = "refund {refund_minor}"
TAKEN_BACK = "{points} points taken back"
GIVEN_BACK = "+{points} points given back"
