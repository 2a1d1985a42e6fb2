"""An identifier is taken off a member: whoever it let in is out, and it is free for its owner."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import Response

from support import api as shops
from support import database
from support.api import Api
from support.things import fresh_card, signed_in
from tessera.access.codes import flows as codes
from tessera.access.signing import db as sessions
from tessera.access.signing import flows as signing
from tessera.access.signing.begun import db as begun
from tessera.access.signing.core.words import Passkey
from tessera.base.ids import new_id
from tessera.doors.gate import REMEMBER_S

STALE = (403, "sign_in_stale")
WHY = {"reason": "mistyped at the till"}
YES = [{"purpose": "news", "channel": "sms", "given": True},
       {"purpose": "news", "channel": "email", "given": True}]  # fmt: skip
PROGRAM: dict[str, Any] = {
    "name": "Test", "currency": "EUR", "rules": [],
    "consents": {
        "purposes": {"news": {"wording": "v1", "wordings": {"v1": {"en": "May we write?"}},
                              "channels": ["sms", "email"]}},
        "confirm": ["email"],
    },
}  # fmt: skip
Named = dict[str, str]


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("installation")


@pytest.fixture(scope="module")
def api(server, template, place) -> Iterator[Api]:
    name = f"tessera_api_{uuid4().hex[:12]}"
    database.make(server, name, template)
    with shops.opened(database.at(server, name), data_dir=place) as shop:
        shop.publish(PROGRAM)
        yield shop
    database.drop(server, name)


def no(said: Response) -> tuple[int, str]:
    """How it was refused."""
    return said.status_code, said.json()["code"]


def phone() -> Named:
    return {"kind": "phone", "value": f"+39333{uuid4().int % 10**7:07d}"}


def email() -> Named:
    return {"kind": "email", "value": f"{uuid4().hex[:12]}@example.org"}


def member(api: Api, *named: Named, **more: Any) -> str:
    said = api.call("POST", "/v1/members", {"identifiers": named, **more})
    assert said.status_code == 201, said.text
    return str(said.json()["member_id"])


def id_of(api: Api, whose: str, kind: str, which: int = 0) -> str:
    held = api.call("GET", f"/v1/members/{whose}").json()["identifiers"]
    return str([each for each in held if each["kind"] == kind][which]["identifier_id"])


def take_off(api: Api, whose: str, kind: str, **more: Any) -> Response:
    path = f"/v1/members/{whose}/identifiers/{id_of(api, whose, kind)}/remove"
    return api.call("POST", path, WHY, **more)


def kinds(api: Api, whose: str) -> list[str]:
    held = api.call("GET", f"/v1/members/{whose}").json()["identifiers"]
    return sorted(each["kind"] for each in held)


def came_in(api: Api, whose: str, contact: Named) -> tuple[str, UUID]:
    """Somebody signs in by the code that came there, and adds a device: its token and key."""

    async def enter() -> tuple[str, UUID]:
        async with await database.connect(api.dsn) as conn:
            now = datetime.now(UTC)
            mark = codes.destination(contact["kind"], contact["value"])  # type: ignore[arg-type]
            session, token = await signing.open_session(
                conn, "member", UUID(whose), "code", "test", now, mark
            )
            key = device_of(whose, now)
            assert await begun.add_passkey(conn, key, session.id)
            await conn.commit()
            return token, key.id

    return database.run(enter())


def device_of(whose: str, now: datetime) -> Passkey:
    return Passkey(uuid4().bytes, new_id(), "member", UUID(whose), b"k", 0, "", now, None)


def works(api: Api, token: str) -> bool:
    return bool(api.call("GET", "/v1/me", token=token).status_code == 200)


def keys(api: Api, whose: str) -> list[UUID]:
    rows = api.eye.execute("SELECT id FROM access.passkey WHERE person_id = %s", [whose]).fetchall()
    return [row[0] for row in rows]


def test_a_mistyped_phone_is_taken_off_and_given_to_whom_it_names(api):
    wrong, right = phone(), email()
    anna = member(api, wrong, right)
    stranger, device = came_in(api, anna, wrong)
    herself, own = came_in(api, anna, right)
    asked = api.call("POST", "/v1/sign-in/code", wrong, token="", key=None)
    assert asked.status_code == 202
    key = uuid4().hex
    path = f"/v1/members/{anna}/identifiers/{id_of(api, anna, 'phone')}/remove"
    said = [api.call("POST", path, WHY, key=key) for _ in range(2)]
    assert said[0].status_code == 200 and said[0].content == said[1].content, said[0].text
    assert kinds(api, anna) == ["email"]
    assert (works(api, stranger), works(api, herself)) == (False, True)
    assert keys(api, anna) == [own] and device != own
    open_codes = api.eye.execute(
        "SELECT count(*) FROM access.code_challenge WHERE subject = %s", [anna]
    ).fetchone()
    assert open_codes == (0,), "no code on its way lets the stranger in"
    assert no(api.call("POST", path, WHY)) == (404, "identifier_unknown")
    assert member(api, wrong) != anna


def test_the_log_says_what_it_was_and_why(api):
    told = phone()
    anna = member(api, told, email())
    assert take_off(api, anna, "phone").is_success
    entries = api.call("GET", f"/v1/audit?subject={anna}").json()["items"]
    (entry,) = [each for each in entries if each["operation"] == "identifier.remove"]
    assert entry["reason"] == WHY["reason"] and entry["sealed"], entry
    assert told["value"] not in str(entry)


def test_a_code_asked_for_just_before_lets_nobody_in(api, monkeypatch):
    """Of a code that was begun while it was taken off, the proof comes too late."""
    wrong = phone()
    anna = member(api, wrong, email())

    async def begun_late() -> tuple[UUID, str]:
        async with await database.connect(api.dsn) as conn:
            monkeypatch.setattr("secrets.randbelow", lambda most: 123456)
            mine = await codes.begin(
                conn, "sign in", "phone", wrong["value"], UUID(anna), datetime.now(UTC)
            )
            await conn.commit()
            return mine.id, "123456"  # type: ignore[union-attr]

    assert take_off(api, anna, "phone").is_success
    challenge, code = database.run(begun_late())
    monkeypatch.undo()
    path = f"/v1/sign-in/code/{challenge}"
    said = api.call("POST", path, {"code": code}, token="", key=None)
    assert no(said) == (403, "code_wrong")


def test_what_a_passkey_of_an_earlier_release_let_in_is_out(api):
    wrong = phone()
    anna = member(api, wrong, email())
    came_in(api, anna, wrong)
    unknown = "UPDATE access.passkey SET contact = NULL WHERE person_id = %s"
    api.eye.execute(unknown, [anna])

    async def enter() -> str:
        async with await database.connect(api.dsn) as conn:
            (key,) = await begun.list_passkeys(conn, UUID(anna))
            _, token = await signing.open_session(
                conn, "member", UUID(anna), "passkey", "test", datetime.now(UTC), key.contact
            )
            await conn.commit()
            return token

    by_key = database.run(enter())
    assert works(api, by_key)
    assert take_off(api, anna, "phone").is_success
    time.sleep(REMEMBER_S + 0.2)
    assert (keys(api, anna), works(api, by_key)) == ([], False)


def test_a_device_is_not_added_where_the_session_ends_meanwhile(api):
    wrong = phone()
    anna = member(api, wrong, email())

    async def at_once() -> bool:
        async with (
            await database.connect(api.dsn) as ending, await database.connect(api.dsn) as adding
        ):  # fmt: skip
            now, mark = datetime.now(UTC), codes.destination("phone", wrong["value"])
            session, _ = await signing.open_session(
                adding, "member", UUID(anna), "code", "test", now, mark
            )
            await adding.commit()
            await sessions.end_sessions_by(ending, UUID(anna), mark)
            added = asyncio.create_task(begun.add_passkey(adding, device_of(anna, now), session.id))
            await asyncio.sleep(0.2)
            assert not added.done(), "it waits for what becomes of the session"
            await ending.commit()
            kept = await added
            await adding.commit()
            return kept

    assert (database.run(at_once()), keys(api, anna)) == (False, [])


def test_a_card_is_blocked_or_replaced_and_what_is_anothers_is_unknown(api):
    card = {"kind": "card", "value": fresh_card(api)}
    anna, berta = member(api, card, phone()), member(api, phone())
    assert no(take_off(api, anna, "card")) == (409, "card_stays")
    theirs = id_of(api, berta, "phone")
    said = api.call("POST", f"/v1/members/{anna}/identifiers/{theirs}/remove", WHY)
    assert no(said) == (404, "identifier_unknown")
    assert kinds(api, anna) == ["card", "phone"] and kinds(api, berta) == ["phone"]


def test_a_yes_ends_with_the_contact_that_it_was_for(api):
    anna = member(api, phone(), email(), consents=YES, proof="form-7")
    api.eye.execute(
        "UPDATE members.identifier SET verified_at = now() WHERE member_id = %s", [anna]
    )
    given = api.call("POST", f"/v1/members/{anna}/consents", {"consents": YES, "proof": "form-8"})
    assert given.is_success, given.text
    assert agreed(api, anna) == ["news/email", "news/sms"]
    assert take_off(api, anna, "phone").is_success
    assert agreed(api, anna) == ["news/email"]
    assert api.call("POST", f"/v1/members/{anna}/identifiers", email()).is_success
    assert take_off(api, anna, "email").is_success
    assert agreed(api, anna) == [], "nobody has proved the address that is left"


def agreed(api: Api, whose: str) -> list[str]:
    row = api.eye.execute("SELECT agreed FROM members.member WHERE id = %s", [whose]).fetchone()
    assert row is not None
    return sorted(row[0])


def test_what_was_taken_off_after_a_merge_stays_off_when_it_is_undone(api):
    wrong = phone()
    anna, berta = member(api, email()), member(api, wrong, {"kind": "external", "value": "b-1"})
    body = {"other": berta, "reason": "one person"}
    merged = api.call("POST", f"/v1/members/{anna}/merge", body).json()["merge_id"]
    assert take_off(api, anna, "phone").is_success
    carla = member(api, wrong)
    undone = api.call("POST", f"/v1/merges/{merged}/undo", {"reason": "two after all"})
    assert undone.is_success, undone.text
    assert (kinds(api, anna), kinds(api, berta), kinds(api, carla)) == (
        ["email"], ["external"], ["phone"]
    )  # fmt: skip


# By oneself --------------------------------------------------------------------------------------


def mine(api: Api, token: str, kind: str) -> Response:
    held = api.call("GET", "/v1/me", token=token).json()["identifiers"]
    which = next(each["identifier_id"] for each in held if each["kind"] == kind)
    return api.call("POST", f"/v1/me/identifiers/{which}/remove", token=token)


def written_to(place: Path, contact: Named, limit_s: float = 5.0) -> str:
    """The message that came there."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        for file in (place / "outbox").glob("*.txt"):
            if f"To: {contact['value']}\n" in (text := file.read_text()):
                return text
        time.sleep(0.05)
    raise AssertionError("no message came")


def test_a_member_takes_off_his_second_contact_and_both_are_told(api, place):
    gone, left = phone(), email()
    anna = member(api, gone, left)
    token = signed_in(api, anna)
    assert mine(api, token, "phone").is_success
    for each in (gone, left):
        assert "was taken off your loyalty account" in written_to(place, each)
    assert kinds(api, anna) == ["email"] and works(api, token)
    assert no(mine(api, token, "email")) == (409, "last_way")
    assert kinds(api, anna) == ["email"], "nothing has moved"


def test_a_passkey_that_goes_with_the_contact_is_no_way_in(api):
    told = phone()
    anna = member(api, told)
    token, device = came_in(api, anna, told)
    assert no(mine(api, token, "phone")) == (409, "last_way")
    added = "UPDATE access.passkey SET contact = NULL WHERE id = %s"  # by an earlier release
    api.eye.execute(added, [device])
    assert no(mine(api, token, "phone")) == (409, "last_way")
    assert keys(api, anna) == [device] and works(api, token), "nothing has moved"
    staying = "UPDATE access.passkey SET contact = '' WHERE id = %s"  # let in by no contact
    api.eye.execute(staying, [device])
    assert mine(api, token, "phone").is_success
    assert keys(api, anna) == [device]


def test_with_a_card_the_last_contact_may_go(api):
    card = {"kind": "card", "value": fresh_card(api)}
    anna = member(api, phone(), card)
    assert mine(api, signed_in(api, anna), "phone").is_success
    assert kinds(api, anna) == ["card"]


def test_it_asks_a_fresh_proof_and_an_id_of_the_house_stays(api):
    anna = member(api, phone(), email(), {"kind": "external", "value": uuid4().hex})
    token = signed_in(api, anna)
    assert no(mine(api, token, "external")) == (403, "identifier_fixed")
    assert no(mine(api, left_open(api, anna), "phone")) == STALE
    assert kinds(api, anna) == ["email", "external", "phone"]


def test_who_signs_in_by_what_he_takes_off_is_signed_out(api):
    told = phone()
    anna = member(api, told, email())
    token, _ = came_in(api, anna, told)
    assert mine(api, token, "phone").is_success
    assert not works(api, token)


# A session left open ------------------------------------------------------------------------------


def left_open(api: Api, whose: str) -> str:
    """Signed in an hour ago: somebody else has it in his hands."""
    token = signed_in(api, whose)
    api.eye.execute(
        "UPDATE access.person_session SET proved_at = now() - interval '1 hour'"
        " WHERE person_id = %s", [whose],
    )  # fmt: skip
    return token


def test_who_finds_a_session_open_adds_no_contact_of_his_own(api):
    """By a code to it he would prove anew who he is, and take all the others off."""
    anna = member(api, phone())
    found, his = left_open(api, anna), email()
    assert no(api.call("POST", "/v1/me/contacts", his, token=found, key=None)) == STALE
    body = his | {"code": "123456"}
    said = api.call("POST", f"/v1/me/contacts/{uuid4()}", body, token=found, key=None)
    assert no(said) == STALE, "nor one whose code was sent while it was fresh"
    assert kinds(api, anna) == ["phone"]


def test_what_is_hers_already_is_proved_in_a_session_left_open(api, place):
    own = email()
    anna = member(api, phone(), own)
    token = left_open(api, anna)
    sent = api.call("POST", "/v1/me/contacts", own, token=token, key=None)
    assert sent.is_success, sent.text
    (code,) = re.findall(r"\b\d{6}\b", written_to(place, own).splitlines()[-1])
    path = f"/v1/me/contacts/{sent.json()['challenge_id']}"
    assert api.call("POST", path, own | {"code": code}, token=token, key=None).is_success
