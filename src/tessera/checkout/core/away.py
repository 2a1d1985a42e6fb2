"""A receipt that was made while its till was cut off: never refused for its spending. Pure."""

from __future__ import annotations

from uuid import UUID

import msgspec

from tessera.checkout.core.case import Case
from tessera.checkout.core.words import Answer, Difference
from tessera.checkout.offline.core import Cover, cover, fault
from tessera.rules.core.words import Facts, Story
from tessera.warehouse.core import Receipt


def cover_of(case: Case, receipt: Receipt, facts: Facts) -> Cover | None:
    """How far an offline receipt's points are taken; None for one that asks as others do."""
    if not receipt.offline or receipt.spend is None:
        return None
    allowance, wallet = case.shown.allowance, case.wallet
    if wallet is None:
        return Cover(0, 0, "no card was sent: points are spent by somebody")
    why = ""
    if allowance is not None:
        why = fault(allowance, wallet.account_id, receipt, case.now)
    there = facts.available if facts.may_spend else 0
    return cover(receipt.spend.points, there, case.shown, why)


def as_covered(facts: Facts, covered: Cover | None) -> Facts:
    """The facts by which the rules take what is covered, and no more."""
    if covered is None:
        return facts
    may = facts.may_spend or covered.covered > 0
    return msgspec.structs.replace(facts, spend=covered.most or None, may_spend=may)


def taken(case: Case, story: Story, covered: Cover | None) -> tuple[UUID, int] | None:
    """(allowance, points that count against it), if it covered any."""
    points = min(story.points_spent, covered.covered) if covered is not None else 0
    allowance = case.shown.allowance
    if allowance is None or not points:
        return None
    return allowance.counts_on or allowance.id, points


def with_cover(
    told: Answer, receipt: Receipt, story: Story, covered: Cover | None
) -> Answer:  # fmt: skip
    """The answer, with how many points fewer were taken than the till let the member spend."""
    if covered is None or receipt.spend is None or story.points_spent == receipt.spend.points:
        return told
    why = covered.why if story.points_spent == covered.most else "the rules took no more points"
    fewer = Difference("", "spend", receipt.spend.points, story.points_spent, why)
    return msgspec.structs.replace(told, differences=(*told.differences, fewer))
