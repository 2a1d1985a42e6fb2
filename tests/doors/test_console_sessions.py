"""Several processes answer on one port: who is signed in at one is signed in at all of them."""

from __future__ import annotations

import httpx
import pytest

from support import api as shops
from tessera.doors.console.session import COOKIE


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        yield shop


@pytest.fixture(scope="module")
def second(api):
    """The address of another site over the same database."""
    with shops.served(api.dsn) as address:
        yield address


def sign_in(address: str, key: str) -> dict[str, str]:
    """The Cookie header of a fresh session."""
    form = {"key": key, "next": "/console"}
    said = httpx.post(f"{address}/console/sign-in", data=form, headers={"Origin": address})
    assert said.status_code == 303, said.text
    return {"Cookie": f"{COOKIE}={said.cookies[COOKIE]}"}


def status(address: str, cookie: dict[str, str], path: str = "/console") -> int:
    return httpx.get(address + path, headers=cookie).status_code


def test_signed_in_at_one_signed_out_at_the_other(api, second):
    first = api.url
    cookie, colleague = sign_in(first, api.admin), sign_in(second, api.admin)
    for address in (first, second):
        assert status(address, cookie, f"/console/cards/{api.cards[0]}") == 200
        assert status(address, colleague) == 200
    gone = httpx.post(f"{second}/console/sign-out", headers={"Origin": second, **cookie})
    assert gone.status_code == 303
    for address in (first, second):
        assert status(address, cookie) == 303
        assert status(address, colleague) == 200


def test_a_key_revoked_at_one_ends_its_sessions_at_the_other(api, second):
    key_id, token = api.issue("owner")
    cookie = sign_in(api.url, token)
    assert status(second, cookie) == 200
    assert api.call("POST", f"/v1/keys/{key_id}/revoke").is_success
    assert status(second, cookie) == status(api.url, cookie) == 303


def test_a_till_s_key_opens_nothing(api):
    form = {"key": api.till, "next": "/console"}
    said = httpx.post(f"{api.url}/console/sign-in", data=form, headers={"Origin": api.url})
    assert said.status_code == 401
    assert api.eye.execute(
        "SELECT count(*) FROM access.session AS s JOIN access.api_key AS k ON s.key_id = k.id"
        " WHERE k.role = 'till'"
    ).fetchone() == (0,)
