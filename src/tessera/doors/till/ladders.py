"""Ladders of tiers over HTTP: who stands on which level, who moved, how reviews ended."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from tessera.doors.call import Call, Operation
from tessera.doors.till.tiers import LevelTold, levels_told, program_of, today_of
from tessera.tiers import db
from tessera.tiers.core import Walk

_REVIEWS, _FLOW_DAYS = 5, 31


class OnLevel(Struct, frozen=True):
    """How many stand on a level; null: everybody else."""

    level: str
    name: str
    members: int | None


class Flow(Struct, frozen=True):
    """So many went from one level to another, why."""

    before: str
    level: str
    why: str
    members: int


class ReviewTold(Struct, frozen=True):
    """A run of reviews. `ended_at` is null while it goes on."""

    as_of: date
    kept: int
    sunk: int
    began_at: datetime
    ended_at: datetime | None


class WalkTold(Struct, frozen=True):
    """Everybody is looked at after the ladder has changed. `ended_at` is null while it goes on."""

    looked: int
    risen: int
    began_at: datetime
    ended_at: datetime | None


class LadderView(Struct, frozen=True):
    """A ladder, who stands on it, and how many moved in the last 31 days.

    walk      who came up when it was made or changed last; null: it was not looked at yet
    """

    ladder: str
    name: str
    counts: str
    unit: str
    window: str
    review: str
    levels: list[LevelTold]
    members: list[OnLevel]
    flow: list[Flow]
    reviews: list[ReviewTold]
    walk: WalkTold | None


class LaddersView(Struct, frozen=True):
    """Every ladder of the program."""

    items: list[LadderView]


async def ladders(call: Call) -> LaddersView:
    """GET /v1/tiers"""
    runs = await db.reviews(call.conn, 100)
    since = date.fromordinal(today_of(call).toordinal() - _FLOW_DAYS)
    walks = await db.walks(call.conn)
    found = []
    for code, ladder in program_of(call).tiers.items():
        on = await db.on_levels(call.conn, code)
        members = [
            OnLevel(
                level.code, level.name or level.code,
                None if rank == ladder.ground else on.get(level.code, 0),
            )
            for rank, level in enumerate(ladder.levels)
        ]  # fmt: skip
        moved = [Flow(*each) for each in await db.flow(call.conn, code, since)]
        reviews = [
            ReviewTold(each.as_of, each.kept, each.sunk, each.began_at, each.ended_at)
            for each in runs if each.ladder == code
        ][:_REVIEWS]  # fmt: skip
        review = ladder.review or (
            f"{ladder.review_months} months" if ladder.review_months is not None else ""
        )
        found.append(
            LadderView(
                code, ladder.name or code, ladder.counts, ladder.unit, ladder.window, review,
                levels_told(ladder), members, moved, reviews, _walk(walks.get(code)),
            )
        )  # fmt: skip
    return LaddersView(found)


def _walk(found: Walk | None) -> WalkTold | None:
    return None if found is None else WalkTold(
        found.looked, found.risen, found.began_at, found.ended_at
    )  # fmt: skip


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "tier.ladders", "GET", "/v1/tiers", ladders, LaddersView,
        "Every ladder, how many stand on each level, and how many moved",
    ),
)  # fmt: skip
