"""Levels of another program come in from a file, with their dates."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

from tessera.access.audit.core import Change
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.doors.cli import audit
from tessera.doors.ground import Ground
from tessera.doors.pools import Conn
from tessera.members import core as members
from tessera.members import db as members_db
from tessera.rules.core.words import Program
from tessera.tiers import flows as tiers_flows
from tessera.tiers.core import Standing
from tessera.warehouse.core import Identifier

PAGE = 500  # rows of a transaction: their accounts are held so long


@dataclass
class Loaded:
    """What became of the rows; why those not taken were not, by line."""

    carried: int = 0
    stands: int = 0
    refused: list[str] = field(default_factory=list)


async def load(base: Ground, file: Path, *, dry_run: bool) -> Loaded:
    """Row by row; what the file says of a member that stands higher here changes nothing."""
    done = Loaded()
    async with base.house() as house, house.upkeep.connection() as conn:
        program, now = house.shop().program, datetime.now(UTC)
        today = house.today(now)
        with file.open(newline="", encoding="utf-8-sig") as rows:
            for number, row in enumerate(csv.DictReader(rows), 2):
                told = await _carried(conn, program, row, now, today)
                if isinstance(told, Refusal):
                    done.refused.append(f"line {number}: {told.code}, {told.field}: {told.cure}")
                elif told == "carried":
                    done.carried += 1
                else:
                    done.stands += 1
                if number % PAGE == 0 and not dry_run:
                    await conn.commit()
        if dry_run:
            await conn.rollback()
        else:
            after = {"carried": done.carried, "stand": done.stands, "refused": len(done.refused)}
            await audit.note(conn, "load.tiers", Change("load", "tiers", None, after))
            await conn.commit()
    return done


async def _carried(
    conn: Conn, program: Program, row: dict[str, str], now: datetime, today: date
) -> Literal["carried", "stands"] | Refusal:
    """One row. Errors: as of `tiers.flows.carry`, day_invalid, member_unknown."""
    try:
        since, until = (_when(row.get(name)) for name in ("since", "until"))
    except ValueError:
        return Refusal("day_invalid", "since", "this is no day", "write it as 2026-12-31")
    kind, value = row.get("kind") or "card", row.get("value") or ""
    named = Identifier(kind, value)  # type: ignore[arg-type]  # a kind that is none names nobody
    identifier = members.normal(named.kind, named.value, program.enrolment.country)
    if isinstance(identifier, Refusal):
        return identifier
    found = await members_db.find(conn, identifier)
    if found is None:
        return Refusal("member_unknown", "value", "nobody has it", "load the members first")
    owner, code = found.owner, row.get("ladder") or ""
    asking = tiers_flows.Asking(
        new_id(), UUID(int=0), owner.account_id, owner.member_id, now, today
    )  # fmt: skip
    stood = Standing(row.get("level") or "", since, until)
    return await tiers_flows.carry(conn, asking, code, program.tiers.get(code), stood)


def _when(text: str | None) -> date | None:
    return date.fromisoformat(text.strip()) if text and text.strip() else None
