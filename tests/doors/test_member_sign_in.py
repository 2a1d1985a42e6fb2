"""Members sign in by a code, which comes by the folder, as in a trial."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from support import api as shops
from support import database
from support.api import Api
from support.entering import Person, call, code_of
from tessera.access.codes import db as codes_db
from tessera.access.signing import db as signing_db
from tessera.access.signing.limiting import db as limits_db
from tessera.members import db as members_db


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("installation")


@pytest.fixture(scope="module")
def api(server, template, place):
    name = f"tessera_api_{uuid4().hex[:12]}"
    database.make(server, name, template)
    with shops.opened(database.at(server, name), data_dir=place) as shop:
        yield shop
    database.drop(server, name)


@pytest.fixture(autouse=True)
def nobody_has_tried(api):
    """All tests come from one address; each begins as the first of its day."""
    api.eye.execute("DELETE FROM access.sign_in_limit")
    api.eye.execute("DELETE FROM access.code_bucket")


def a_member(api: Api) -> tuple[str, dict[str, str]]:
    """A member's id, and the phone to sign in with."""
    phone = {"kind": "phone", "value": f"+39 333 {uuid4().int % 10**7:07d}"}
    said = api.call("POST", "/v1/members", {"identifiers": [phone]})
    assert said.status_code == 201, said.text
    return said.json()["member_id"], phone


def code_in(place: Path, challenge: str, limit_s: float = 5.0) -> str:
    """The digits of the message, once the sweeper has written it down."""
    file, until = place / "outbox" / f"{challenge}.txt", time.monotonic() + limit_s
    while not file.exists():
        assert time.monotonic() < until, "no message came"
        time.sleep(0.05)
    found = re.search(r"\b\d{6}\b", file.read_text().splitlines()[-1])
    assert found is not None
    return found[0]


def ask(api: Api, phone: dict[str, str]):
    return api.call("POST", "/v1/sign-in/code", phone, token="", key=None)


def prove(api: Api, challenge: str, code: str):
    body = {"code": code, "device": "phone"}
    return api.call("POST", f"/v1/sign-in/code/{challenge}", body, token="", key=None)


def test_a_member_signs_in_by_a_code(api, place):
    member_id, phone = a_member(api)
    challenge = ask(api, phone).json()["challenge_id"]
    code = code_in(place, challenge)
    wrong = prove(api, challenge, f"{(int(code) + 1) % 10**6:06}")
    assert (wrong.status_code, code_of(wrong)) == (403, "code_wrong")
    said = prove(api, challenge, code)
    assert said.status_code == 200, said.text
    token = said.json()["token"]
    assert token.startswith("tsr_m") and said.json()["person_id"] == member_id
    (mine,) = call(api, token, "GET", "/v1/me/sessions").json()["items"]
    assert (mine["way"], mine["device"], mine["current"]) == ("code", "phone", True)
    assert call(api, token, "GET", "/v1/me/points").status_code == 200
    assert call(api, token, "GET", "/v1/members").status_code == 403
    assert code_of(prove(api, challenge, code)) == "code_wrong", "used"
    end = call(api, token, "POST", f"/v1/me/sessions/{mine['session_id']}/end")
    assert end.status_code == 200
    assert call(api, token, "GET", "/v1/me/points").status_code == 401


def test_a_refused_try_is_counted_over_http(api, place):
    _, phone = a_member(api)
    challenge = ask(api, phone).json()["challenge_id"]
    code = code_in(place, challenge)
    for n in range(1, 6):
        assert code_of(prove(api, challenge, f"{(int(code) + n) % 10**6:06}")) == "code_wrong"
    assert code_of(prove(api, challenge, code)) == "code_wrong"


def test_an_unknown_phone_is_answered_as_a_known_one(api, place):
    _, known = a_member(api)
    said = [ask(api, each) for each in (known, {"kind": "phone", "value": "+39 333 9999999"})]
    assert [each.status_code for each in said] == [202, 202]
    assert [set(each.json()) for each in said] == [{"challenge_id", "expires_at"}] * 2
    first, second = (each.json()["challenge_id"] for each in said)
    code_in(place, first)
    time.sleep(1.5)
    assert not (place / "outbox" / f"{second}.txt").exists()
    refused = [prove(api, each, "000000") for each in (first, second, str(uuid4()))]
    assert len({each.content for each in refused}) == 1


def test_known_and_unknown_run_the_same_statements(api):
    _, known = a_member(api)
    unknown = {"kind": "phone", "value": "+39 333 8888888"}
    ada = Person(api).enrol()

    for path, bodies in (
        ("/v1/sign-in/code", (known, unknown)),
        ("/v1/sign-in", (
            {"email": ada.email, "password": "maple tram violet ax"},
            {"email": "nobody@example.org", "password": "maple tram violet ax"},
        )),
    ):  # fmt: skip
        seen = [statements_of(api, path, body) for body in bodies]
        assert seen[0] == seen[1] and len(seen[0]) >= 3, path


def statements_of(api: Api, path: str, body: Any) -> list[str]:
    """The statements of a call in their order, as the driver sent them."""
    names: dict[bytes, str] = {}
    for room in (codes_db, signing_db, limits_db, members_db):
        names |= {text: name for name, text in room.SQL.items()}
    heard: list[str] = []
    usual = psycopg.AsyncConnection.execute

    async def listening(self, query, *args, **kwargs):
        if query in names:
            heard.append(names[query])
        return await usual(self, query, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.AsyncConnection, "execute", listening)
        api.call("POST", path, body, token="", key=None)
    # The house's own, at its own times.
    quiet = {"take_due", "away", "put_off", "forget", "sweep", "sweep_sessions", "batches"}
    return [name for name in heard if name not in quiet]
