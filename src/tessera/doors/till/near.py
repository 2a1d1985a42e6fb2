"""Who is near a level over HTTP: nearly up, or about to sink at the next review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.base.pages import after, cursor
from tessera.base.refusal import Refusal
from tessera.checkout.levels.walk import flows
from tessera.checkout.levels.walk.flows import Near
from tessera.doors.call import Call, Operation
from tessera.doors.pages import QUERY, Page, asked_limit, unknown_cursor, uuid_of
from tessera.doors.till.membership import MemberView, viewer
from tessera.doors.till.tiers import name_of, program_of, today_of
from tessera.members import db as members_db
from tessera.members.nicknames import db as nicknames_db
from tessera.rules.core.tiers import Ladder, window_end

Way = Literal["up", "down"]
_SHARE, _DAYS = 80, 60


class NearTold(Struct, frozen=True):
    """A member near another level.

    target   the level above, or the one that the next review would come to; "" is none
    amount   points, minor units or receipts so far; lacking: so much more to come up, or to stay
    by       the last day on which it counts; null: there is none
    member   as whoever asks may see them
    """

    member_id: UUID
    account_id: UUID
    level: str
    level_name: str
    target: str
    target_name: str
    amount: int
    lacking: int
    by: date | None
    member: MemberView


async def near(call: Call) -> Page[NearTold] | Refusal:
    """GET /v1/tiers/{ladder}/near"""
    ladder = program_of(call).tiers.get(call.path["ladder"])
    limit = asked_limit(call.query)
    if isinstance(limit, Refusal):
        return limit
    if ladder is None:
        code = call.path["ladder"]
        return Refusal(
            "ladder_not_there", "ladder", f"the program has no ladder {code}",
            "look at the list of ladders",
        )  # fmt: skip
    way = call.query.get("way", "up")
    if way not in ("up", "down"):
        return Refusal("way_unknown", "way", "one goes up or down", "send up or down")
    return await (_up if way == "up" else _down)(call, ladder, limit)


async def _up(call: Call, ladder: Ladder, limit: int) -> Page[NearTold] | Refusal:
    share = _number(call.query, "share", (_SHARE, 1, 99))
    if isinstance(share, Refusal):
        return share
    last = flows.NOBODY
    if "cursor" in call.query:
        words = after(call.query["cursor"], 1)
        if isinstance(words, Refusal):
            return words
        account = uuid_of(words[0])
        if account is None:
            return unknown_cursor()
        last = account
    code, today = call.path["ladder"], today_of(call)
    found, rest = await flows.near_up(call.conn, code, ladder, today, (share, last, limit))
    calendar = ladder.window.startswith(("this", "since"))
    by = window_end(ladder.window, today) if calendar else None
    told = await _told(call, ladder, found, by)
    return Page(told, None if rest is None else cursor(str(rest)))


async def _down(call: Call, ladder: Ladder, limit: int) -> Page[NearTold] | Refusal:
    days = _number(call.query, "days", (_DAYS, 1, 3660))
    if isinstance(days, Refusal):
        return days
    since, account = date.min, flows.NOBODY
    if "cursor" in call.query:
        words = after(call.query["cursor"], 2)
        if isinstance(words, Refusal):
            return words
        day, found_id = _day(words[0]), uuid_of(words[1])
        if day is None or found_id is None:
            return unknown_cursor()
        since, account = day, found_id
    asked = days, since, account, limit
    found, rest = await flows.near_down(
        call.conn, call.path["ladder"], ladder, today_of(call), asked
    )
    told = await _told(call, ladder, found, None)
    return Page(told, None if rest is None else cursor(rest[0].isoformat(), str(rest[1])))


async def _told(
    call: Call, ladder: Ladder, found: Sequence[Near], by: date | None
) -> list[NearTold]:
    """Those behind whom somebody is, who lacks least first."""
    faces = await nicknames_db.faces(call.conn, [each.account for each in found])
    known = await members_db.some_members(call.conn, [each.member for each in faces.values()])
    view = viewer(call)
    return [
        NearTold(
            faces[each.account].member, each.account, ladder.code(each.rank),
            name_of(ladder, each.rank), ladder.code(each.target), name_of(ladder, each.target),
            each.amount, each.lacking, by or _last(ladder, each),
            view(known[faces[each.account].member]),
        )
        for each in sorted(found, key=lambda one: (one.lacking, one.account))
        if each.account in faces
    ]  # fmt: skip


def _last(ladder: Ladder, each: Near) -> date | None:
    """The last day that the review of who is about to sink looks at."""
    if each.target > each.rank or each.until is None:
        return None
    return ladder.judged(each.until)[-1].last


def _number(query: Mapping[str, str], name: str, bounds: tuple[int, int, int]) -> int | Refusal:
    """A number of the query. bounds: unless said otherwise, least, most."""
    default, least, most = bounds
    text = query.get(name, str(default))
    if text.isascii() and text.isdecimal() and len(text) <= 4 and least <= int(text) <= most:
        return int(text)
    return Refusal(
        "number_invalid", name, f"{name} is not a whole number in its bounds",
        f"send {least} to {most}, or leave it out",
    )  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "tier.near", "GET", "/v1/tiers/{ladder}/near", near, Page[NearTold],
        "Who nearly comes up to the next level, or would sink at a review that comes soon",
        query={
            **QUERY, "way": "up (left out) or down",
            "share": f"up: per cent of what the next level asks for, {_SHARE} if left out",
            "days": f"down: reviews within so many days, {_DAYS} if left out",
        },
    ),
)  # fmt: skip
