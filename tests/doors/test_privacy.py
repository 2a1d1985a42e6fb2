"""What is held about a person: told whole, shown for a reason, and gone when it has to go."""

from __future__ import annotations

import base64
import contextlib
import json
import zlib
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from psycopg import sql

from support import api as shops
from support.things import signed_in
from tessera.base.packing import unpack
from tessera.identity.privacy.core import HOLDS

CANARY = "Zwölfzeisig"  # a name that is nowhere by chance
MAIL = "zwoelfzeisig.canary@example.org"
PHONE = "+393331204711"


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        shop.declare_events()
        yield shop


def joined(api: shops.Api, **more: Any) -> tuple[str, str]:
    """A member with everything that can be said of one: (member, account)."""
    card = api.cards[int(uuid4().int % 900) + 50]
    who = [{"kind": "card", "value": card}, {"kind": "external", "value": uuid4().hex}]
    body = {"identifiers": who, "given_name": "Anna", "family_name": "Rossi"} | more
    said = api.call("POST", "/v1/members", body)
    assert said.status_code == 201, said.text
    return said.json()["member_id"], said.json()["account_id"]


def canary(api: shops.Api) -> tuple[str, str, str]:
    """Somebody whose every word can be found again: (member, account, card)."""
    card = api.cards[int(uuid4().int % 900) + 50]
    named = [("card", card), ("phone", PHONE), ("email", MAIL), ("external", CANARY.encode().hex())]
    body = {
        "identifiers": [{"kind": kind, "value": value} for kind, value in named],
        "given_name": CANARY, "family_name": CANARY, "born_on": "1984-02-29", "language": "it",
    }  # fmt: skip
    made = api.call("POST", "/v1/members", body)
    assert made.status_code == 201, made.text
    return made.json()["member_id"], made.json()["account_id"], card


def test_a_reveal_needs_a_reason_and_is_seen_by_the_member(api):
    member, _ = joined(api, born_on="1990-01-02")
    at = f"/v1/members/{member}/reveal"
    assert (
        shops.refused(api, lambda: api.call("POST", at, {"fields": ["name"]}))["field"] == "reason"
    )
    said = api.call("POST", at, {"fields": ["name", "born_on"], "reason": "calling back"})
    assert said.json() == {
        "member_id": member, "fields": ["name", "born_on"], "given_name": "Anna",
        "family_name": "Rossi", "born_on": "1990-01-02",
    }  # fmt: skip
    seen = api.call("GET", f"/v1/members/{member}/sights").json()["items"]
    assert [(each["fields"], each["reason"]) for each in seen] == [
        (["name", "born_on"], "calling back")
    ]
    told = api.call("POST", f"/v1/members/{member}/export", {"reason": "asked"}).json()
    assert told["held"]["seen_by"][0]["reason"] == "calling back"


def test_what_was_revealed_is_told_once_and_stored_nowhere(api):
    member, _ = joined(api, given_name="Xanthippe")
    ask, key = {"fields": ["name"], "reason": "calling back"}, uuid4().hex
    first, again = (api.call("POST", f"/v1/members/{member}/reveal", ask, key=key) for _ in "12")
    assert "Xanthippe" in first.text and "Xanthippe" not in again.text
    assert again.json()["told_before"]


def test_an_export_holds_what_there_is(api):
    member, account, card = canary(api)
    assert api.post("/v1/receipts", api.basket(card=card)).is_success
    for form in ("data", "page"):
        body = {"reason": "the member asked", "form": form}
        told = api.call("POST", f"/v1/members/{member}/export", body).json()
        held = told["held"]
        assert held["person"][0]["given_name"] == CANARY
        assert {each["value"] for each in held["identifiers"]} >= {card, PHONE, MAIL}
        assert held["receipts"][0]["gross_minor"] == 1150 and held["moves"]
        assert held["points"][0]["account_id"] == account
        assert (CANARY in told.get("page", "")) == (form == "page")
    erase(api, member)


def test_names_in_the_page_are_text_and_no_markup(api):
    member, _ = joined(api, given_name="& co", family_name='" onload=')
    body = {"reason": "the member asked", "form": "page"}
    text = api.call("POST", f"/v1/members/{member}/export", body).json()["page"]
    assert "&amp; co" in text and '" onload=' not in text and "http" not in text.lower()


def erase(api: shops.Api, member: str) -> Any:
    said = api.call("POST", f"/v1/members/{member}/erase", {"reason": "the member asked for it"})
    assert said.is_success, said.text
    return said.json()


def known(api: shops.Api, kind: str, value: str) -> int:
    who = {"identifier": {"kind": kind, "value": value}}
    return api.post("/v1/identify", who).status_code


def test_an_erased_member_is_found_nowhere(api, capfd):
    member, account, card = canary(api)
    sale = api.basket(card=card)
    assert api.post("/v1/receipts", sale).is_success
    assert api.post("/v1/identify", {"card": card}).is_success
    name = {"nickname": CANARY}
    assert api.call("POST", "/v1/me/nickname", name, token=signed_in(api, member)).is_success
    api.call("POST", f"/v1/members/{member}/reveal", {"fields": ["name"], "reason": "called back"})
    api.call("POST", f"/v1/members/{member}/export", {"reason": "the member asked", "form": "page"})
    shops.refused(api, lambda: api.call("POST", "/v1/members", {
        "identifiers": [{"kind": "phone", "value": PHONE}], "given_name": CANARY}))  # fmt: skip
    named = (("phone", PHONE), ("email", MAIL))
    assert [known(api, *each) for each in named] == [200, 200]
    before, points = books(api), api.call("GET", f"/v1/points/{account}").json()
    assert found(api), "before, it is there to be found"

    done = erase(api, member)
    assert done["member_id"] == member and not done["again"]
    said = api.eye.execute(
        "SELECT fingerprint FROM access.request AS r JOIN access.audit AS a USING (outcome_id)"
        " WHERE a.subject_id = %s AND r.operation = 'member.register'", (member,)
    ).fetchall()  # fmt: skip
    assert said == [(b"",)], "what the call said cannot be guessed and confirmed"

    assert found(api) == [], "nothing of the person is left"
    log = "".join(capfd.readouterr())
    assert not [word for word in words() if word in log]
    assert books(api) == before, "an erasure posts nothing"
    assert api.call("GET", f"/v1/points/{account}").json() == points
    assert [known(api, *each) for each in named] == [404, 404]
    assert erase(api, member)["again"], "asked twice it is once"
    listed = api.call("GET", "/v1/erasures?limit=200").json()["items"]
    assert [each["member_id"] for each in listed].count(member) == 1


def test_the_card_of_an_erased_member_begins_anew(api):
    member, account, card = canary(api)
    assert api.post("/v1/receipts", api.basket(card=card)).is_success
    erase(api, member)
    said = api.post("/v1/identify", {"card": card})
    assert not said.is_success or said.json()["account_id"] != account
    assert api.post("/v1/receipts", api.basket(card=card)).is_success
    assert api.post("/v1/identify", {"card": card}).json()["account_id"] != account


def test_goods_of_an_erased_member_come_back(api):
    """The receipt is still there, and so are its frozen facts."""
    member, _, card = canary(api)
    sale = api.basket(card=card, business_date="2026-11-20")
    sale["happened_at"] = "2026-11-20T10:00:00+01:00"
    assert api.post("/v1/receipts", sale).is_success
    erase(api, member)
    named = {name: sale[name] for name in ("store", "till", "business_date", "number")}
    back = {name: sale[name] for name in ("store", "till")} | {
        "number": f"r{uuid4().hex[:8]}", "happened_at": "2026-11-20T11:00:00+01:00",
        "sale": named | {"shift": ""},
    }  # fmt: skip
    said = api.post("/v1/returns", back)
    assert said.is_success, said.text


def test_every_table_says_what_an_erasure_does_to_it(api):
    tables = {name for name in api.rows() if not name.startswith(("public.", "access.answer_"))}
    assert tables | {"checkout.day", "tasks.turn"} == set(HOLDS)


def words() -> list[str]:
    """What must be nowhere, in the spellings in which it may lie about."""
    plain = [CANARY, MAIL, PHONE, PHONE[1:], CANARY.encode().hex()]
    return [*plain, *(base64.b64encode(word.encode()).decode().rstrip("=") for word in plain)]


def books(api: shops.Api) -> Any:
    """Every move, what is outstanding by age, and what receipts add up to."""
    moves = api.eye.execute("SELECT count(*), sum(points) FROM ledger.move").fetchone()
    sales = api.eye.execute(
        "SELECT count(*), sum(gross_minor), sum(points_earned) FROM checkout.receipt"
    ).fetchone()
    return moves, sales, api.call("GET", "/v1/points/outstanding").json()["currencies"]


def found(api: shops.Api) -> list[str]:
    """Tables in which the canary is, as text, or in bytes: as they are, or unpacked."""
    places = []
    for table in api.rows():
        name = sql.Identifier(*table.split("."))
        asked = sql.SQL("SELECT x FROM (SELECT to_jsonb(t) AS x FROM {} AS t) AS y").format(name)
        for (row,) in api.eye.execute(asked):
            said = json.dumps(row, ensure_ascii=False).encode() + b"".join(kept(row))
            places += [f"{table}: {word}" for word in words() if word.encode() in said]
    return places


def kept(row: Any) -> Iterator[bytes]:
    """What the bytes in a row say, in every way in which the house keeps bytes."""
    for value in row.values():
        if isinstance(value, str) and value.startswith("\\x"):
            raw = bytes.fromhex(value[2:])
            yield raw
            with contextlib.suppress(zlib.error, ValueError):
                yield unpack(raw)
