"""Members, rewards and claims of a served shop, made through its door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx

from support import api as shops
from support import database
from support.api import Api, apart
from support.things import signed_in
from tessera.base.ids import new_id
from tessera.checkout.flows.proof import prove_all
from tessera.ledger.giving.flows import Ask
from tessera.rewards.catalogue import db, flows
from tessera.rewards.catalogue.flows import By
from tessera.rules.core.words import Program

PROGRAM: dict[str, Any] = {
    "name": "Test", "currency": "EUR",
    "rules": [{"id": "base", "mechanic": "base_rate", "points": 1, "per_minor": 100}],
    "attributes": {"vip": {"type": "boolean"}},
    "currencies": {"miles": {"kind": "miles"}},
    "transfers": {"gift": {}},
    "tiers": {"club": {"counts": "points", "levels": [{"code": "basic"},
                                                      {"code": "silver", "reach": 5}]}},
}  # fmt: skip
_serials, _codes = count(10), count(1)


@contextmanager
def opened(server: Any, template: str) -> Iterator[Api]:
    """A shop whose program knows levels and an attribute."""
    with shops.fresh(server, template) as api:
        said = api.call("POST", "/v1/program", PROGRAM)
        assert said.status_code == 201, said.text
        yield api


def differences(dsn: str) -> list[str]:
    async def prove() -> list[str]:
        async with await database.connect(dsn) as conn:
            return (await prove_all(conn, chain=True)).differences

    return database.run(prove())


def member(api: Api, points: int = 1000, **more: Any) -> dict[str, str]:
    """Somebody with so many points, signed in."""
    card = api.cards[next(_serials)]
    who = {"identifiers": [{"kind": "card", "value": card}], "given_name": "Mia"} | more
    said = api.call("POST", "/v1/members", who)
    assert said.status_code == 201, said.text
    made = said.json() | {"card": card}
    if points:
        give(api, made, points)
    return made | {"token": signed_in(api, made["member_id"])}


def give(api: Api, who: dict[str, str], points: int, ends: str = "2098-01-01T00:00:00Z") -> None:
    body = {"member": {"card": who["card"]}, "points": points, "reason": "x", "expires_at": ends}
    said = api.call("POST", "/v1/adjustments", body, token=api.somebody())
    assert said.status_code == 201, said.text


def reward(api: Api, stock: int | None = None, **terms: Any) -> str:
    """One that is offered."""
    code = f"r{next(_codes)}"
    told = {"kind": "goods", "names": {"en": code}, "points": 100, "cost_minor": 250} | terms
    said = api.call("POST", "/v1/rewards", {"code": code, "terms": told, "stock": stock})
    assert said.status_code == 201, said.text
    place(api, code, "offered")
    return code


def place(api: Api, code: str, state: str) -> None:
    said = api.call("POST", f"/v1/rewards/{code}/state", {"state": state})
    assert said.status_code == 200, said.text


def take(api: Api, who: dict[str, str], code: str, **how: Any) -> httpx.Response:
    return api.call("POST", "/v1/me/claims", {"reward": code}, token=who["token"], **how)


def insist(api: Api, who: dict[str, str], code: str) -> httpx.Response:
    """Turned away because the house is full, one comes again, with the same key."""
    key = uuid4().hex
    while (said := take(api, who, code, key=key)).status_code == 503:
        pass
    return said


def taken(api: Api, who: dict[str, str], code: str) -> dict[str, Any]:
    said = take(api, who, code)
    assert said.status_code == 201, said.text
    return said.json()


def mine(api: Api, who: dict[str, str], claim: dict[str, Any]) -> dict[str, Any]:
    said = api.call("GET", f"/v1/me/claims/{claim['claim_id']}", token=who["token"])
    assert said.status_code == 200, said.text
    return said.json()


def lots(api: Api, who: dict[str, str]) -> list[tuple[Any, ...]]:
    return api.eye.execute(
        "SELECT id, remaining, expires_at FROM ledger.lot WHERE account_id = %s AND remaining > 0"
        " ORDER BY id", (who["account_id"],),
    ).fetchall()  # fmt: skip


def left(api: Api, code: str) -> int | None:
    return api.call("GET", f"/v1/rewards/{code}").json().get("left")


def hand(api: Api, code: str, **more: Any) -> httpx.Response:
    return api.post("/v1/claims/hand-over", {"code": code, "store": "S1", **more})


def later(api: Api, claim: dict[str, Any], days: int) -> str:
    """What time makes of it."""

    async def pass_time() -> str:
        now = datetime.now(UTC) + timedelta(days=days)
        program = Program(name="Test", currency="EUR", rules=())
        async with await database.connect(api.dsn) as conn:
            by = By(Ask(new_id(), UUID(int=1), now, program.ways), "UTC", 30)
            await flows.expire(conn, by, UUID(claim["claim_id"]))
            await conn.commit()
            found = await db.claim(conn, UUID(claim["claim_id"]))
            assert found is not None
            return found.state

    return apart(pass_time())


def pool(api: Api, codes: list[str]) -> str:
    code = f"p{next(_codes)}"
    said = api.call("POST", "/v1/pools", {"code": code, "name": "Cinema", "warn_at": 3})
    assert said.status_code == 201, said.text
    assert add(api, code, codes).json() == {"added": len(codes), "again": 0}
    return code


def add(api: Api, pool: str, codes: list[str], **more: Any) -> httpx.Response:
    return api.call("POST", f"/v1/pools/{pool}/codes", {"codes": codes, **more})


def reveal(api: Api, who: dict[str, str], claim: dict[str, Any]) -> httpx.Response:
    return api.call("POST", f"/v1/me/claims/{claim['claim_id']}/reveal", token=who["token"])
