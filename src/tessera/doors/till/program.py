"""The program over HTTP: read the one that decides, publish the next."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from tessera.access.core import Principal
from tessera.base.refusal import Refusal
from tessera.doors.call import Call, Operation
from tessera.program import db, flows


class Published(Struct, frozen=True):
    """A version that decides receipts from now on."""

    version: int
    name: str
    rules: list[str]


class Current(Struct, frozen=True):
    """The version that decides now, as it was published."""

    version: int
    program: dict[str, Any]


async def publish(call: Call) -> Published | Refusal:
    """Check a program and let it decide from now on; earlier receipts keep their version."""
    assert call.house is not None
    made = await flows.publish(
        call.conn, call.house.reader, call.body, call.now, _who(call.principal)
    )
    if isinstance(made, Refusal):
        return made
    return Published(made.version, made.name, [rule.id for rule in made.rules])


def _who(principal: Principal) -> Any:
    return principal.id


async def read(call: Call) -> Current:
    """The program that decides now."""
    newest = await db.newest(call.conn)
    assert newest is not None, "a house is opened with a program"
    return Current(newest[0], newest[1])


OPERATIONS: tuple[Operation, ...] = (
    Operation("program.read", "GET", "/v1/program", read, Current, "The program that decides now"),
    Operation(
        "program.publish", "POST", "/v1/program", publish, Published, "Publish the next version",
        kind="writes", body=dict, status=201,
        example={
            "name": "Two percent and a free coffee", "currency": "EUR",
            "rules": [
                {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
                {"id": "coffee", "mechanic": "every_nth_free", "product": "LATTE", "n": 6},
                {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1},
            ],
        },
    ),
)  # fmt: skip
