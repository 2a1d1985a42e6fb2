"""Somebody whose every word can be found again, and every place in which it is looked for."""

from __future__ import annotations

import base64
import contextlib
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from psycopg import sql

from support.api import Api
from tessera.base.packing import unpack

CANARY = "Zwölfzeisig"  # a name that is nowhere by chance
MAIL = "zwoelfzeisig.canary@example.org"
PHONE = "+393331204711"
DIALLED = "333 120 4711"  # as a file of somebody's says it
ID = CANARY.encode().hex()


def canary(api: Api) -> tuple[str, str, str]:
    """The member: (member, account, card)."""
    card = api.cards[int(uuid4().int % 900) + 50]
    named = [("card", card), ("phone", PHONE), ("email", MAIL), ("external", ID)]
    body = {
        "identifiers": [{"kind": kind, "value": value} for kind, value in named],
        "given_name": CANARY, "family_name": CANARY, "born_on": "1984-02-29", "language": "it",
    }  # fmt: skip
    made = api.call("POST", "/v1/members", body)
    assert made.status_code == 201, made.text
    return made.json()["member_id"], made.json()["account_id"], card


def words() -> list[str]:
    """What must be nowhere, in the spellings in which it may lie about."""
    plain = [CANARY, MAIL, PHONE, PHONE[1:], DIALLED, ID]
    return [*plain, *(base64.b64encode(word.encode()).decode().rstrip("=") for word in plain)]


def found(api: Api, folder: Path) -> list[str]:
    """Tables and files in which the canary is, as text, or in bytes: as they are, or unpacked."""
    places = []
    for table in api.rows():
        name = sql.Identifier(*table.split("."))
        asked = sql.SQL("SELECT x FROM (SELECT to_jsonb(t) AS x FROM {} AS t) AS y").format(name)
        for (row,) in api.eye.execute(asked):
            said = json.dumps(row, ensure_ascii=False).encode() + b"".join(_kept(row))
            places += [f"{table}: {word}" for word in words() if word.encode() in said]
    for path in folder.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            places += [f"{path.name}: {word}" for word in words() if word.encode() in raw]
    return places


def _kept(row: Any) -> Iterator[bytes]:
    """What the bytes in a row say, in every way in which the house keeps bytes."""
    for value in row.values():
        if isinstance(value, str) and value.startswith("\\x"):
            raw = bytes.fromhex(value[2:])
            yield raw
            with contextlib.suppress(zlib.error, ValueError):
                yield unpack(raw)
