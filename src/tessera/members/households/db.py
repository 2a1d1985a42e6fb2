"""Households, remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.members.households.core import Household, Inhabitant, Invitation, Role

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def is_shared(conn: Conn, account_id: UUID) -> bool:
    """Whether an account is, or was, a household's."""
    row = await (await conn.execute(SQL["is_shared"], (account_id,))).fetchone()
    return row is not None and bool(row[0])


async def found(conn: Conn, household_id: UUID, account_id: UUID, now: datetime) -> None:
    """A household begins, with an account of its own."""
    await conn.execute(SQL["found"], (household_id, account_id, now))


async def hold(conn: Conn, household_id: UUID, now: datetime) -> Household | None:
    """A household, held still; None if there is none, or nobody is in it any more."""
    await conn.execute(SQL["hold"], (household_id,))
    there = await read(conn, household_id, now)
    return there if there is not None and there.ended_at is None else None


async def read(conn: Conn, household_id: UUID, now: datetime) -> Household | None:
    """A household with its members and open invitations."""
    row = await (await conn.execute(SQL["household"], (household_id,))).fetchone()
    if row is None:
        return None
    members = await conn.execute(SQL["inhabitants"], (household_id,))
    invited = await conn.execute(SQL["invited"], {"id": household_id, "now": now})
    id_, account_id, founded_at, ended_at = row
    inside = tuple(Inhabitant(*each) for each in await members.fetchall())
    asked = tuple(Invitation(*each) for each in await invited.fetchall())
    return Household(id_, account_id, founded_at, ended_at, inside, asked)


async def of_member(conn: Conn, member_id: UUID) -> UUID | None:
    """The household that a member is in."""
    row = await (await conn.execute(SQL["of_member"], (member_id,))).fetchone()
    return None if row is None else row[0]


async def invitations_of(conn: Conn, member_id: UUID, now: datetime) -> list[Invitation]:
    """A member's open invitations."""
    rows = await conn.execute(SQL["invitations_of"], {"id": member_id, "now": now})
    return [Invitation(*row) for row in await rows.fetchall()]


async def limits(conn: Conn, members: Sequence[UUID]) -> dict[UUID, int]:
    """{member: points to spend on a day}, of those who have a limit."""
    return dict(await (await conn.execute(SQL["limits"], (list(members),))).fetchall())


async def numbers(conn: Conn, members: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    """(member, a number of the same person): its own, and those of all that were merged into it."""
    return list(await (await conn.execute(SQL["numbers"], (list(members),))).fetchall())


async def beside(
    conn: Conn, account_id: UUID, since: datetime
) -> list[tuple[UUID, datetime | None, datetime | None]]:
    """Accounts whose past counts for the people of this one, each from when until when.

    shape  (own account of who is in the household, None, None), (household left since, came, left)
    """
    asked = {"account": account_id, "since": since}
    return list(await (await conn.execute(SQL["beside"], asked)).fetchall())


async def enter(conn: Conn, account_id: UUID, new: Inhabitant) -> None:
    """A member is in a household, and has its account."""
    asked = {
        "household": new.household_id, "member": new.member_id, "role": new.role,
        "most": new.most_per_day, "own": new.own_account_id, "joining": new.joining_id,
        "now": new.joined_at, "account": account_id,
    }  # fmt: skip
    await conn.execute(SQL["enter"], asked)


async def leave(conn: Conn, who: Inhabitant, parting_id: UUID | None, now: datetime) -> None:
    """A member is in it no more, and has the own account again."""
    asked = {"household": who.household_id, "member": who.member_id, "parting": parting_id,
             "now": now}  # fmt: skip
    await conn.execute(SQL["leave"], asked)


async def change(conn: Conn, who: Inhabitant, role: Role, most_per_day: int | None) -> None:
    """Another role, another limit."""
    asked = {"household": who.household_id, "member": who.member_id, "role": role,
             "most": most_per_day}  # fmt: skip
    await conn.execute(SQL["change"], asked)


async def end(conn: Conn, household_id: UUID, now: datetime) -> None:
    """Nobody is in it any more."""
    await conn.execute(SQL["end_it"], {"id": household_id, "now": now})


async def invite(conn: Conn, new: Invitation) -> None:
    """Somebody is invited; the same one's earlier invitation is over."""
    asked = {
        "id": new.id, "household": new.household_id, "member": new.member_id, "role": new.role,
        "most": new.most_per_day, "by": new.invited_by, "now": new.invited_at,
        "until": new.expires_at,
    }  # fmt: skip
    await conn.execute(SQL["withdraw"], asked)
    await conn.execute(SQL["add_invitation"], asked)


async def invitation(conn: Conn, invitation_id: UUID) -> Invitation | None:
    """One invitation."""
    row = await (await conn.execute(SQL["invitation"], (invitation_id,))).fetchone()
    return None if row is None else Invitation(*row)


async def answer(
    conn: Conn, invitation_id: UUID, ending: Literal["accepted", "declined", "withdrawn"],
    now: datetime,
) -> None:  # fmt: skip
    """What became of an invitation."""
    await conn.execute(SQL["answer"], {"id": invitation_id, "ending": ending, "now": now})
