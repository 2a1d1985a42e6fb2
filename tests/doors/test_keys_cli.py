"""`tessera keys` and `tessera roles`: what they make is what the doors let in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from support import database
from tessera.access import core, db
from tessera.access.core import Principal
from tessera.doors.cli.main import build
from tessera.doors.ground import Settings


@pytest.fixture
def tessera(dsn, tmp_path: Path):
    app = build(Settings(tmp_path, database_url=dsn))

    def call(*words: str, code: int = 0) -> list[str]:
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == code, done.output
        return done.output.splitlines()

    return call


def holder(dsn: str, token: str) -> Principal | None:
    async def find() -> Any:
        async with await database.connect(dsn) as conn:
            now = datetime.now(UTC)
            found = await db.find_principal(conn, core.token_hash(token), now)
            return None if found is None else await db.with_role(conn, found)

    return asyncio.run(find())


def test_a_key_is_as_narrow_as_it_was_asked_for(dsn, tessera):
    (token,) = tessera(
        "keys", "issue", "Counter", "--store", "S1", "--store", "S2", "--only", "quote",
        "--network", "10.0.0.0/8", "--mint", "500", "--days", "30",
    )  # fmt: skip
    found = holder(dsn, token)
    assert found is not None and found.expires_at is not None
    assert (found.role, found.stores, found.mint_per_day) == ("till", ("S1", "S2"), 500)
    assert (dict(found.grants), found.networks) == ({"quote": "own_store"}, ("10.0.0.0/8",))
    (office,) = tessera("keys", "issue", "Office", "--role", "admin")
    owner = holder(dsn, office)
    assert owner is not None and (owner.role, owner.stores) == ("owner", None)
    lines = tessera("keys", "list")
    assert [line.split()[1:3] for line in lines] == [["till", "S1,S2"], ["owner", "-"]]


def test_a_key_is_rotated_and_revoked(dsn, tessera):
    (first,) = tessera("keys", "issue", "Office", "--role", "manager")
    key_id = tessera("keys", "list")[0].split()[0]
    (second,) = tessera("keys", "rotate", key_id, "--overlap", "0")
    assert holder(dsn, first) is None and holder(dsn, second) is not None
    assert tessera("keys", "revoke", key_id) == ["revoked"]
    assert holder(dsn, second) is None
    tessera("keys", "rotate", key_id, code=1)
    tessera("keys", "rotate", "x", code=2)


def test_a_key_that_cannot_be_is_refused(tessera):
    for words in (
        ["--role", "till"], ["--role", "nobody"], ["--role", "member"], ["--role", "contractor"],
        ["--role", "owner", "--store", "S1"], ["--role", "manager", "--network", "10.1"],
        ["--role", "manager", "--only", "key.issue"], ["--role", "manager", "--days", "9999"],
    ):  # fmt: skip
        assert "Invalid value" in " ".join(tessera("keys", "issue", "x", *words, code=2))
    assert tessera("keys", "list") == []


def test_a_role_of_one_s_own(dsn, tessera):
    tessera("roles", "make", "card-desk", "--grant", "identify", "--grant", "quote=own_store")
    assert tessera("roles", "show", "card-desk") == [
        f"{'identify':<24} all", f"{'quote':<24} own_store",
    ]  # fmt: skip
    assert "card-desk" in tessera("roles", "list")[-1]
    (token,) = tessera("keys", "issue", "x", "--role", "card-desk", "--store", "S1")
    found = holder(dsn, token)
    assert found is not None and found.scope("quote") == "own_store"
    tessera("keys", "issue", "x", "--role", "card-desk", code=2)
    assert tessera("roles", "end", "card-desk") == ["ended"]
    found = holder(dsn, token)
    assert found is not None and dict(found.grants) == {}
    for words in (
        ["card-desk", "--grant", "identify"], ["till", "--grant", "identify"],
        ["x-1", "--grant", "nothing"], ["x-1", "--grant", "identify", "--sight", "all"],
    ):  # fmt: skip
        tessera("roles", "make", *words, code=2)
