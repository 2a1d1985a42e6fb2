"""Limits of what is put right by hand, and the proof of what was done besides receipts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import Any

import psycopg
import pytest
from psycopg import sql

from support import api as shops
from support import database
from support.api import Api, refused
from support.crowd import WAITING, together
from tessera.checkout.flows.proof import prove_all

PROGRAM: dict[str, Any] = {
    "name": "Test", "currency": "EUR", "rules": [], "currencies": {"miles": {"kind": "miles"}},
    "transfers": {"gift": {"fee_percent": 10},
                  "donate": {"causes": {"forest": "Trees"}},
                  "exchange": [{"into": "miles", "give": 3, "get": 2}]},
    "adjustments": {"per_principal_day": 1000, "per_member_30_days": 600},
}  # fmt: skip
_serials = count(10)


@pytest.fixture
def api(server, template) -> Iterator[Api]:
    with shops.fresh(server, template) as shop:
        said = shop.call("POST", "/v1/program", PROGRAM)
        assert said.status_code == 201, said.text
        yield shop


def member(api: Api) -> dict[str, str]:
    card = api.cards[next(_serials)]
    who = {"identifiers": [{"kind": "card", "value": card}]}
    assert api.post("/v1/members", who).status_code == 201
    return {"card": card}


def adjust(api: Api, who: dict[str, str], points: int, **how: Any) -> Any:
    body = {"member": who, "points": points, "reason": "goodwill",
            "expires_at": "2098-01-01T00:00:00Z" if points > 0 else None}  # fmt: skip
    return api.call("POST", "/v1/adjustments", body, **how)


def differences(dsn: str) -> list[str]:
    async def prove() -> list[str]:
        async with await database.connect(dsn) as conn:
            return (await prove_all(conn, chain=True)).differences

    return database.run(prove())


# Limits ----------------------------------------------------------------------------------------


def test_ten_times_nearly_the_limit_of_a_person_is_caught(api):
    """Cumulative over members and keys, in both directions; another person has another limit."""
    codes = [adjust(api, member(api), 99).status_code for _ in range(10)]
    assert codes == [201] * 10
    rich = member(api)
    problem = refused(api, lambda: adjust(api, rich, 11))
    assert (problem["code"], problem["why"]) == (
        "limit_reached", "11 points asked, 990 of 1000 are used by you today"
    )  # fmt: skip
    assert adjust(api, rich, 10).status_code == 201
    assert refused(api, lambda: adjust(api, rich, -1))["code"] == "limit_reached"
    _, own = api.issue("owner")
    _, owns = api.issue("owner", token=own)
    for token in (own, owns):
        assert adjust(api, rich, -1, token=token).status_code == 409
    assert adjust(api, rich, -1, token=api.somebody()).status_code == 201
    assert differences(api.dsn) == []


def test_many_keys_do_not_pass_the_limit_of_an_account(api):
    anna = member(api)
    tokens = [api.somebody() for _ in range(4)]
    codes = [adjust(api, anna, 199, token=token).status_code for token in tokens]
    assert codes == [201, 201, 201, 409]


def test_adjustments_of_one_person_at_once_stay_within_its_limit(api):
    """Of several members, so that no account's lock keeps them apart."""
    members = [member(api) for _ in range(3)]
    for who in members:
        assert adjust(api, who, 1).status_code == 201
    calls = [partial(adjust, api, who, 590) for who in members]
    codes = [each.status_code for each in together(api, calls, waiting=3)]
    assert sorted(codes) == [201, 409, 409]


# The proof -------------------------------------------------------------------------------------

TAMPERINGS = {
    "UPDATE ledger.operation SET points = points + 1 WHERE kind = 'donation'":
        r"operation \S+ \(donation\): 6 points left and 0 came, .*; by its moves 5, 0, 0",
    "UPDATE ledger.operation SET fee_points = 0 WHERE kind = 'gift'":
        r"operation \S+ \(gift\): 50 points left and 45 came, 0 .*; by its moves 50, 45, 5",
    "UPDATE ledger.operation SET to_points = 7 WHERE kind = 'exchange'":
        r"operation \S+ \(exchange\): 9 points left and 7 came, .*; by its moves 9, 6, 0",
    "UPDATE ledger.operation SET to_account_id = account_id WHERE kind = 'gift'":
        r"operation \S+ \(gift\): .*; by its moves 50, 0, 5",
    "DELETE FROM ledger.operation WHERE kind = 'donation'":
        r"account \S+: move \d+ of 5 points goes from active to donated, but there is no operation",
    "UPDATE ledger.lot SET expires_at = expires_at + interval '1 day'":
        r"account \S+: lot \S+ lives from .* by operation \S+, but it expires at 2099-",
    "UPDATE ledger.extension SET points = points + 1":
        r"operation \S+: 500 points live longer, its lots have 501",
    "DELETE FROM access.request WHERE operation = 'donation.make'":
        r"donation \S+: 0 calls asked for it, expected 1",
}  # fmt: skip


def test_tampering_with_an_operation_is_named(api):
    """Whatever the owner of the database changes in one of them, triggers off."""
    anna, berta = member(api), member(api)
    for path, body in (
        ("adjustments", {"member": anna, "points": 500, "reason": "x",
                         "expires_at": "2098-01-01T00:00:00Z"}),
        ("extensions", {"member": anna, "before": "2098-06-01T00:00:00Z", "reason": "x",
                        "until": "2099-01-01T00:00:00Z"}),
        ("transfers", {"kind": "gift", "sender": anna, "receiver": berta, "points": 50}),
        ("donations", {"member": anna, "points": 5, "cause": "forest"}),
        ("exchanges", {"member": anna, "points": 10, "into": "miles"}),
        ("adjustments", {"member": anna, "points": -7, "reason": "x"}),
    ):  # fmt: skip
        said = api.call("POST", f"/v1/{path}", body)
        assert said.status_code == 201, said.text
    assert differences(api.dsn) == []
    for change, named in TAMPERINGS.items():
        assert any(re.match(named, each) for each in tampered(api.dsn, change)), change


KEPT = [
    sql.Identifier(*name.split("."))
    for name in ("ledger.operation", "ledger.lot", "ledger.extension", "access.request")
]


def kept(table: sql.Identifier) -> sql.Identifier:
    return sql.Identifier("_".join(("kept", *table._obj)))


def tampered(dsn: str, change: str) -> list[str]:
    """What the proof finds after a change; the rows are then as before."""
    with psycopg.connect(dsn) as conn:
        conn.execute("SET session_replication_role = replica")  # triggers and foreign keys off
        for table in KEPT:
            conn.execute(sql.SQL("CREATE TABLE {} AS TABLE {}").format(kept(table), table))
        conn.execute(change.encode())
        conn.commit()
        found = differences(dsn)
        for table in KEPT:
            conn.execute(sql.SQL("DELETE FROM {}").format(table))
            conn.execute(sql.SQL("INSERT INTO {} TABLE {}").format(table, kept(table)))
            conn.execute(sql.SQL("DROP TABLE {}").format(kept(table)))
        conn.commit()
    return found


@pytest.mark.parametrize("table", ["operation", "extension"])
def test_an_operation_is_never_changed(api, table):
    truncate = sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier("ledger", table))
    with psycopg.connect(api.dsn) as conn, pytest.raises(psycopg.errors.RaiseException):
        conn.execute(truncate)


# Newcomers -------------------------------------------------------------------------------------


def test_a_transfer_to_a_newcomer_and_a_receipt_of_hers_never_stop_each_other(api):
    """Somebody who holds the giver's account begins the receiver's: nobody waits for the other."""
    anna, new = member(api), member(api)
    assert adjust(api, anna, 99).status_code == 201
    ids = [api.post("/v1/identify", who, key=None).json()["account_id"] for who in (anna, new)]
    gift = {"kind": "gift", "sender": anna, "receiver": new, "points": 50}
    with psycopg.connect(api.dsn) as till, ThreadPoolExecutor(1) as pool:
        till.execute("SELECT FROM ledger.account WHERE id = %s FOR NO KEY UPDATE", ids[:1])
        asked = pool.submit(api.call, "POST", "/v1/transfers", gift)
        while api.eye.execute(WAITING).fetchone() != (1,):
            assert not asked.done(), "it waits for the giver's account"
        till.execute("INSERT INTO ledger.account (id) VALUES (%s)", ids[1:])
        till.commit()
        said = asked.result()
    assert said.status_code == 201, said.text
    assert differences(api.dsn) == []
