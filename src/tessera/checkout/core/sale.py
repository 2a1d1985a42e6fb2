"""Decides a sale, a quote, a cancelled quote: receipt and wallet in, answer and moves out. Pure."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from tessera.base.clock import MAX_SKEW
from tessera.base.refusal import Refusal
from tessera.checkout.core.away import as_covered, cover_of, taken, with_cover
from tessera.checkout.core.case import (
    Case,
    Decision,
    Promise,
    facts_of,
    kept_facts,
    may_here,
    may_own,
    promise_print,
)
from tessera.checkout.core.living import begin, earn, gone_already
from tessera.checkout.core.tell import answer, sale_row, with_gone
from tessera.checkout.core.words import Answer, Could, Difference, Kept, Quote
from tessera.checkout.history.core.contents import Contents, changes, counted, of_receipt
from tessera.checkout.offline.core import Cover
from tessera.ledger import core as ledger
from tessera.ledger.core import MAIN, Stamp
from tessera.members.households.core import too_much
from tessera.members.showing.core import needed
from tessera.rules.core.engine import settle
from tessera.rules.core.facts import Trait
from tessera.rules.core.words import Facts, Story, alike, say
from tessera.warehouse.core import Receipt

MAX_POINTS = 10**12


def decide_sale(case: Case, receipt: Receipt) -> Decision | Refusal:
    """Settle a sound receipt (`fault_of`), spend and earn. A refusal is to forget the wallet."""
    stamp = case.stamp(receipt.happened_at)
    begin(case, stamp)
    promise, kept_hold = _redeem_promise(case, receipt)
    facts = facts_of(case, receipt)
    refusal: Refusal | None = None
    cover: Cover | None = None
    won: Facts | None = None
    if promise is not None and kept_hold:
        story, won = _with_luck(case, receipt, promise)
        case.program = promise.program or case.program
        refusal = too_many(case, story)
    else:
        cover = cover_of(case, receipt, facts)
        facts = as_covered(facts, cover)
        story = settle(receipt.lines, facts, case.program, explain=False)
        if cover is None:
            refusal = _code_fault(case, receipt) or _spending_fault(receipt, facts, story)
        refusal = refusal or too_many(case, story)
    if refusal:
        return refusal
    if cover is None:
        refusal = _limit_fault(case, story)
    refusal = refusal or _post_sale(
        case, stamp, story, promise if kept_hold else None, cover, receipt.number
    )
    if refusal:
        return refusal
    known = won or (kept_hold and promise is not None and promise.facts) or facts
    contents = _contents(case, receipt, story)
    kept = Kept(story, kept_facts(known, facts), counted=counted(contents))
    row = sale_row(case, receipt, kept)
    told = answer(case, "sale", receipt.lines, story, receipt.number)
    if case.promise is not None:
        differences = _differences(case.promise.story, story)
        told = msgspec.structs.replace(told, differences=differences)
    told = with_gone(with_cover(told, receipt, story, cover), gone_already(case), case)
    history = changes(row.account_id, row.local_at.date(), row.store_id, contents)
    allowed = taken(case, story, cover)
    return Decision(told, story, row=row, promise=promise, history=history, allowed=allowed)


def _contents(case: Case, receipt: Receipt, story: Story) -> Contents:
    """What the receipt is in its account's history; nobody's receipt has none."""
    if case.wallet is None:
        return {}
    plan = case.program.plan
    return of_receipt(receipt.lines, story, None, plan.skus, plan.capped)


def _redeem_promise(case: Case, receipt: Receipt) -> tuple[Promise | None, bool]:
    """The named quote, and whether its promise still holds for this very basket."""
    promise, account_id = case.promise, case.wallet.account_id if case.wallet else None
    if promise is not None and promise.account_id not in (None, account_id):
        case.promise = None  # somebody else's: it is neither ended nor told here
        return None, False
    if promise is None or promise.ended is not None:
        return None, False
    holds = (
        promise.deadline > case.now
        and promise.account_id == account_id
        and promise.fingerprint == promise_print(receipt, account_id)
        and _still_so(case, promise, receipt)
    )
    promise.ended = "confirmed" if holds else "overtaken"
    if not holds and case.wallet is not None:
        late = promise.deadline <= case.now
        _let_go(case, promise, "timed_out" if late else "released")
    return promise, holds


def _let_go(case: Case, promise: Promise, ending: ledger.Ending) -> None:
    """A promise is not kept: what it held is free again, or pays what is owed."""
    assert case.wallet is not None, "somebody's promise"
    stamp = Stamp(case.outcome_id, case.now, case.now)
    ledger.let_go(case.wallet, stamp, promise.id, ending, case.program.net_debt)


def _still_so(case: Case, promise: Promise, receipt: Receipt) -> bool:
    """Whether the promised program, asked again, gives the same.

    A promise keeps program, moment and points. Where, how and by which card it is paid, and what
    the member has bought and been given meanwhile, are as they are now: many promises of one thing
    that is given once are not many gifts.
    """
    then, program = promise.facts, promise.program
    if then is None or program is None or not then.member:
        return promise.store == receipt.store
    if not set(program.units) <= case.others.keys():
        return False  # it gave points of a currency that there is no more
    now = facts_of(case, receipt)
    if then.at is not None and now.at is not None:
        late_s = abs((now.at - then.at).total_seconds())
        if late_s > (program.hold_minutes * 60) + MAX_SKEW.total_seconds():
            return False
    counted = {need.key for need in program.plan.needs if not isinstance(need, Trait)}
    known = {key: value for key, value in case.known.items() if key in counted}
    facts = msgspec.structs.replace(
        then, known=then.known | known, payments=now.payments, channel=now.channel,
        store=now.store, region=now.region, till=now.till, card=now.card, who=now.who,
        at=then.at or now.at,
    )  # fmt: skip
    story = settle(receipt.lines, facts, program, explain=False)
    return alike(story.effects, promise.story.effects)


def _with_luck(case: Case, receipt: Receipt, promise: Promise) -> tuple[Story, Facts | None]:
    """What was promised, and what a quote could not know: what is won at once comes on top.

    shape  (story, the facts to be kept with it; None: those of the promise)
    """
    then, program = promise.facts, promise.program
    luck = {key: value for key, value in case.known.items() if key.startswith(("luck ", "stock "))}
    if not luck or then is None or program is None:
        return promise.story, None
    counted = {need.key for need in program.plan.needs if not isinstance(need, Trait)}
    now = {k: v for k, v in case.known.items() if k in counted or k.startswith("b:")}
    asked = msgspec.structs.replace(then, known=then.known | now | luck)
    given = {effect.rule for effect in promise.story.effects}
    settled = settle(receipt.lines, asked, program, explain=False)
    won = [e for e in settled.effects if e.rule not in given and f"luck {e.rule}" in luck]
    effects = (*promise.story.effects, *won)
    facts = msgspec.structs.replace(then, known=then.known | luck)
    return msgspec.structs.replace(promise.story, effects=effects), facts


def too_many(case: Case, story: Story) -> Refusal | None:
    """Points are whole numbers of 64 bits; a program that mints more on one receipt is wrong."""
    earned = max(story.earned().values(), default=0)
    most = max([wallet.active + wallet.pending for wallet in case.wallets()], default=0)
    if earned <= MAX_POINTS and most + earned <= 2**62:
        return None
    return Refusal(
        "points_too_many", "lines", f"this receipt would earn {earned} points",
        f"the program's rates are wrong: at most {MAX_POINTS} points are given at once",
    )  # fmt: skip


def _code_fault(case: Case, receipt: Receipt) -> Refusal | None:
    """Whoever could spend shows a number alone, and the program wants to see the phone."""
    asked = receipt.spend is not None and may_own(case)
    return needed() if asked and not may_here(case, receipt) else None


def _spending_fault(receipt: Receipt, facts: Facts, story: Story) -> Refusal | None:
    """Points asked must be there, and the program must take them; a cap only trims."""
    if receipt.spend is None:
        return None
    asked = receipt.spend.points
    if not facts.member:
        return Refusal(
            "no_card", "spend", "points are to be spent but no card is shown", "send the card"
        )
    if asked > facts.available:
        return ledger.points_short(asked, facts.available)
    if story.points_spent:
        return None
    reasons = [s for s in story.silent if s.code not in ("not_asked", "spend_short")]
    offered = (s for s in reasons if s.mechanic == "pay_with_points" and not s.hidden)
    last = next(offered, None)
    if last is None:
        return Refusal(
            "spend_not_offered", "spend", "this program has no rule that takes points as payment",
            "confirm without spending points",
        )  # fmt: skip
    why = say(last.why, last.numbers, "")
    return Refusal(last.code, "spend.points", why, "confirm without spending points")


def _limit_fault(case: Case, story: Story) -> Refusal | None:
    """Who shares an account may have a limit of the day."""
    if case.limit is None or not story.points_spent:
        return None
    spent, most = case.limit
    over = spent + story.points_spent > most
    return too_much(story.points_spent, spent, most) if over else None


def _post_sale(
    case: Case, stamp: Stamp, story: Story, promise: Promise | None, cover: Cover | None,
    number: str,
) -> Refusal | None:  # fmt: skip
    wallet = case.wallet
    if wallet is None:
        return None
    if story.points_spent and cover is not None:
        ledger.spend_owing(wallet, stamp, story.points_spent, cover.covered)
    elif story.points_spent:
        held = promise is not None and promise.id in wallet.holds
        refusal = (
            ledger.capture(wallet, stamp, promise.id, story.points_spent)
            if promise is not None and held
            else ledger.spend(wallet, stamp, story.points_spent)
        )
        if refusal:
            return refusal
        if held and wallet.debt and case.program.net_debt:
            ledger.net_debt(wallet, stamp)  # what the hold kept beyond what it was for
    elif promise is not None:
        _let_go(case, promise, "released")
    earn(case, case.program, stamp, story.earned(), number)
    return None


def decide_quote(case: Case, quote: Quote) -> Decision | Refusal:
    """The same decision without the posting; with `hold` the points asked are pinned."""
    receipt = quote.basket
    facts = facts_of(case, receipt)
    story = settle(receipt.lines, facts, case.program, explain=False)
    refusal = _code_fault(case, receipt) or _spending_fault(receipt, facts, story)
    refusal = refusal or too_many(case, story) or _limit_fault(case, story)
    if refusal:
        return refusal
    promise = None
    if quote.hold:
        deadline = case.now + timedelta(minutes=case.program.hold_minutes)
        account_id = case.wallet.account_id if case.wallet else None
        promise = Promise(
            case.outcome_id, account_id, promise_print(receipt, account_id),
            case.program.version, deadline, story, None, receipt.store, facts,
        )  # fmt: skip
        if story.points_spent and case.wallet is not None:
            stamp = case.stamp(receipt.happened_at)
            refusal = ledger.place_hold(case.wallet, stamp, story.points_spent, deadline)
            if refusal:
                return refusal
    told = answer(case, "quote", receipt.lines, story, receipt.number)
    told = msgspec.structs.replace(
        told, could_spend=_could(case, receipt, facts), held_until=promise and promise.deadline
    )
    return Decision(told, story, promise=promise)


def _could(case: Case, receipt: Receipt, facts: Facts) -> Could | None:
    """What the member could pay with points here: the same decision, asked with all there is."""
    if not facts.may_spend or not facts.available:
        return None
    most = msgspec.structs.replace(facts, spend=facts.available)
    story = settle(receipt.lines, most, case.program, explain=False)
    minor = sum(effect.given for effect in story.effects if effect.kind == "payment")
    return Could(story.points_spent, minor) if minor else None


def _differences(quoted: Story, given: Story) -> tuple[Difference, ...]:
    """Every rule whose effects came out otherwise than quoted, and the sum to pay.

    A hidden rule has no name here; its giving is told with that of the other hidden ones.
    """
    if quoted == given:
        return ()
    before, now = _by_rule(quoted), _by_rule(given)
    found = [
        Difference(rule, kind, before.get((rule, kind), 0), now.get((rule, kind), 0))
        for rule, kind in dict.fromkeys((*before, *now))
        if before.get((rule, kind), 0) != now.get((rule, kind), 0)
    ]
    if quoted.to_pay_minor != given.to_pay_minor:
        found.append(Difference("", "to_pay", quoted.to_pay_minor, given.to_pay_minor))
    return tuple(found)


def _by_rule(story: Story) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for effect in story.effects:
        key = ("" if effect.hidden else effect.rule, effect.kind)
        found[key] = found.get(key, 0) + effect.given
    return found


def decide_cancel(case: Case) -> Decision | Refusal:
    """Give up a promise; what it kept is free again. Cancelling twice is the same as once."""
    promise = case.promise
    assert promise is not None, "the flow has found the promise"
    if promise.ended in ("confirmed", "overtaken"):
        return Refusal(
            "quote_ended", "quote_id", "a receipt that named this quote has been confirmed",
            "to undo the receipt, return it",
        )  # fmt: skip
    if promise.ended is None:
        promise.ended = "cancelled"
        if case.wallet is not None:
            late = promise.deadline <= case.now
            _let_go(case, promise, "timed_out" if late else "released")
            stamp = Stamp(case.outcome_id, case.now, case.now)
            ledger.post_due(case.wallet, stamp, case.program.lives[MAIN], case.ids.__next__)
    return Decision(Answer(id=promise.id, kind="cancelled"), promise=promise)
