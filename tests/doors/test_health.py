"""Whether the process is alive and can serve: told to anybody, from what it already knows."""

from __future__ import annotations

import time
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from support import api as shops
from support import database
from support.api import Api
from tessera.base import db


@pytest.fixture(scope="module")
def api(server, template):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tessera.doors.house.SCHEMA_S", 0.2)
        with shops.fresh(server, template) as shop:
            yield shop


def ready(api: Api) -> tuple[int, list[str]]:
    """The status, and what is missing."""
    said = api.client.get("/v1/ready")
    assert (said.status_code == 503) == ("retry-after" in said.headers)
    return said.status_code, said.json()["missing"]


def until(api: Api, wanted: tuple[int, list[str]]) -> None:
    """It says so before long, also on a busy machine."""
    end = time.monotonic() + 40
    while (found := ready(api)) != wanted:
        assert time.monotonic() < end, found
        time.sleep(0.05)


@pytest.mark.parametrize("address", ["/v1/health", "/health", "/v1/ready", "/ready"])
def test_anybody_may_ask_and_nobody_may_write(api, address):
    assert api.client.get(address).status_code == 200
    assert api.client.head(address).status_code == 200
    assert api.client.post(address).status_code == 405


def test_it_says_that_it_is_ready_and_how_many_lanes_are_up(api):
    said = api.client.get("/v1/ready").json()
    assert said == {"status": "ready", "missing": [], "lanes_up": 2, "lanes": 2}


def test_tables_a_newer_release_took_something_from_are_not_served(api):
    until(api, (200, []))
    newer = f"post_{uuid4().hex[:8]}"
    db.take_away(api.eye, newer)
    api.eye.execute("UPDATE tessera_schema SET version_num = version_num || %s", [newer])
    until(api, (503, ["schema_newer"]))
    api.eye.execute("COMMENT ON TABLE tessera_schema IS NULL")
    api.eye.execute("UPDATE tessera_schema SET version_num = replace(version_num, %s, '')", [newer])
    until(api, (200, []))


def test_a_lost_database_is_named_and_its_return_is_noticed(api, server):
    name = api.eye.info.dbname
    shut = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format
    with psycopg.connect(database.at(server, "postgres"), autocommit=True) as root:
        root.execute(shut(sql.Identifier(name), sql.Literal(False)))
        root.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        until(api, (503, ["database"]))
        assert api.client.get("/v1/health").status_code == 200
        root.execute(shut(sql.Identifier(name), sql.Literal(True)))
        until(api, (200, []))
    api.eye.close()
    api.eye = psycopg.connect(api.dsn, autocommit=True)
