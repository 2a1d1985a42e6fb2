"""What happens to choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from tessera.base.clock import day_start, local
from tessera.base.refusal import Refusal
from tessera.members import db as members_db
from tessera.members.choices import core, db
from tessera.members.choices.core import Choice, Chosen

MOST_SHOWN = 1000
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


async def choose(
    conn: db.Conn, member_id: UUID, chosen: Chosen, declared: Mapping[str, Choice], time_zone: str
) -> dict[str, list[str]] | Refusal:
    """A member answers a choice, or staff for the member. What holds then, by choice.

    reason  of `chosen`: staff say why the limit is passed; "" keeps to it
    errors  member_unknown, choice_unknown, option_unknown, too_many_options, choice_too_soon
    """
    member_id = await members_db.lock_current(conn, member_id)
    now = await db.chosen(conn, member_id)
    if now is None:
        return Refusal(
            "member_unknown", "member_id", f"there is no member {member_id}", "look the member up"
        )
    choice, options = declared.get(chosen.choice), tuple(dict.fromkeys(chosen.options))
    was = now.get(chosen.choice)
    if was is not None and same(was, options) and choice is not None:
        return now
    changed = 0
    if choice is not None and was is not None:
        changed = await db.changed(
            conn, member_id, chosen.choice, _since(choice, chosen, time_zone)
        )
    free = was is None or bool(chosen.reason)
    refusal = core.judge(chosen.choice, choice, options, changed, free=free)
    if refusal is not None:
        return refusal
    assert choice is not None, "the judge refuses what is not declared"
    kept = Chosen(chosen.choice, options, chosen.at, chosen.principal_id, chosen.reason)
    await db.add(conn, member_id, kept, favourites=choice.favourites)
    return now | {chosen.choice: list(options)}


def same(was: Sequence[str], options: Sequence[str]) -> bool:
    """Whether this is the answer that holds already, in whatever order."""
    return set(was) == set(options)


def _since(choice: Choice, chosen: Chosen, time_zone: str) -> datetime:
    if choice.per == "ever":
        return _EVER
    return day_start(core.began(choice.per, local(chosen.at, time_zone).date()), time_zone)
