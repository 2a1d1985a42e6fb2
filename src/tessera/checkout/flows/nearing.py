"""How near a member is to each open rule: the facts of today, and the rules asked."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from tessera.base.clock import local
from tessera.checkout import db
from tessera.checkout.flows.people import traits_of
from tessera.checkout.history.core.needs import asked, known
from tessera.checkout.history.flows import look_up
from tessera.checkout.levels import flows as levels
from tessera.members import db as members_db
from tessera.members.core import Owner
from tessera.rules.core.facts import Facts
from tessera.rules.core.nearing import Near, near
from tessera.rules.core.words import Program


async def open_rules(
    conn: db.Conn, program: Program, owner: Owner, zone: str, now: datetime
) -> list[Near]:  # fmt: skip
    """The rules that this member may see now, with what each still lacks.

    zone  where a day begins
    """
    at = local(now, zone).replace(tzinfo=None)
    plan, on = program.plan, at.date()
    facts = await _counted(conn, program, owner.account_id, on)
    facts |= await levels.known(conn, program.tiers, owner.account_id, None, on)
    if plan.traits:
        people = await members_db.people(await members_db.ask_people(conn, [owner.member_id]))
        facts |= traits_of(program, people.get(owner.member_id), zone, on)
    who = owner.member_id.hex
    told = Facts(member=True, who=who, at=at, known=facts, favourites=owner.favourites)
    return near(program, told)


async def _counted(
    conn: db.Conn, program: Program, account_id: UUID, on: date
) -> dict[str, int]:  # fmt: skip
    plan = program.plan
    if not (plan.history or plan.given):
        return {}
    question = asked((*plan.history, *plan.given), on)
    return known(question, account_id, await look_up(conn, [(account_id, question)]))
