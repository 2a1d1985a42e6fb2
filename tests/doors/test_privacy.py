"""What is held about a person: told whole, shown for a reason, and gone when it has to go."""

from __future__ import annotations

import base64
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from support import api as shops
from support.canary import CANARY, DIALLED, ID, MAIL, PHONE, canary, found, words
from support.sending import HEAD, PLAIN, begun, imported, task, until
from support.things import signed_in
from tessera.doors.uploads import Uploads
from tessera.identity.privacy.core import HOLDS, TOLD, UNTOLD

PEOPLE = """name = "club"
time_zone = "Europe/Rome"
[members]
number = "id"
given_name = "first"
family_name = "last"
[[members.names]]
kind = "phone"
column = "phone"
prefix = "+39"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """The data directory."""
    return tmp_path_factory.mktemp("privacy")


@pytest.fixture(scope="module")
def api(server, template, place):
    with shops.fresh(server, template, worker=True, data_dir=place) as shop:
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


def files(api: shops.Api) -> tuple[list[str], str, str]:
    """Tasks: whose files name the canary and wait, whose file does not, and one that is done."""
    sold = PLAIN.replace('"card", kind = "card"', '"card", kind = "phone"')
    rows = [
        f"n{n},2026-11-01T10:00:00,S1,{who},TEA,{units},2.50"
        for n, who, units in ((1, PHONE, "many"), (2, MAIL, 1), (3, PHONE, 1), (4, "", 1))
    ]
    sales = "\n".join((HEAD, *rows, "")).encode()
    hers = f"id,first,last,phone\n1,Ada,Bo,{DIALLED}\n2,{CANARY},{CANARY},none\n"
    people = (hers + "3,Eva,Bo,none\n4,Eli,Bo,333 777 0000\n").encode()
    done = imported(api, people, kind="members", mapping=PEOPLE)
    imported(api, sales, mapping=sold.replace("plain-test", "sold"))
    ready = [begun(api, people, kind="members", mapping=PEOPLE.replace("club", "again")),
             begun(api, sales, mapping=sold)]  # fmt: skip
    clean = begun(api, sales.replace(PHONE.encode(), b"").replace(MAIL.encode(), b""), mapping=sold)
    for each in (*ready, clean):
        until(api, each["task_id"], "ready")
    said = {"kind": "receipts", "bytes": 10_000, "mapping": sold, "name": "half.csv"}
    half = api.call("POST", "/v1/imports", said).json()["task_id"]
    piece = {"offset": 0, "data": base64.b64encode(f"{HEAD}\nn9,{ID}".encode()).decode()}
    assert api.call("POST", f"/v1/imports/{half}/pieces", piece).is_success
    assert done["came"]["bad"] == {"identifier_taken": 1, "phone_invalid": 2}
    return [*(each["task_id"] for each in ready), half], clean["task_id"], done["task_id"]


def test_an_erased_member_is_found_nowhere(api, place, capfd):
    member, account, card = canary(api)
    named_there, clean, over = files(api)
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
    there = {each.split(":")[0] for each in found(api, place)}
    assert {"source", "warehouse.quarantine", "aside.json", "members.person"} <= there

    done = erase(api, member)
    assert done["member_id"] == member and not done["again"]
    said = api.eye.execute(
        "SELECT fingerprint FROM access.request AS r JOIN access.audit AS a USING (outcome_id)"
        " WHERE a.subject_id = %s AND r.operation = 'member.register'", (member,)
    ).fetchall()  # fmt: skip
    assert said == [(b"",)], "what the call said cannot be guessed and confirmed"

    assert found(api, place) == [], "nothing of the person is left"
    lost = [task(api, each) for each in named_there]
    assert {each["state"] for each in lost} == {"failed"}
    assert {each["fault"]["code"] for each in lost} == {"file_removed"}
    assert not any(each["can_start"] for each in lost)
    start, half = f"/v1/tasks/{named_there[0]}/start", f"/v1/imports/{named_there[-1]}/pieces"
    more = {"offset": 0, "data": base64.b64encode(b"more").decode()}
    for path, body in ((start, None), (half, more)):
        said = shops.refused(api, partial(api.call, "POST", path, body))
        assert said["code"] == "file_removed"
    assert task(api, clean)["state"] == "ready", "files of others are left"
    assert task(api, over)["state"] == "done"
    assert [row["first"] for row in Uploads(place / "uploads").aside(UUID(over)).values()] == [
        "Eva"
    ]
    log = "".join(capfd.readouterr())
    assert not [word for word in words() if word in log]
    assert books(api) == before, "an erasure posts nothing"
    assert api.call("GET", f"/v1/points/{account}").json() == points
    assert [known(api, *each) for each in named] == [404, 404]
    assert erase(api, member)["again"], "asked twice it is once"
    listed = api.call("GET", "/v1/erasures?limit=200").json()["items"]
    assert [each["member_id"] for each in listed].count(member) == 1


def test_who_is_called_like_columns_takes_nothing_of_others_along(api, place):
    people = b"id,first,last,phone\n70,Ugo,Bo,333 888 0070\n71,Ivo,Bo,none\n72,Ida,Bo,none\n"
    over = imported(api, people, kind="members", mapping=PEOPLE.replace("club", "others"))
    sales = f"{HEAD}\nm1,2026-11-01T10:00:00,S1,,TEA,1,2.50\n".encode()
    waits = begun(api, sales, mapping=PLAIN.replace("plain-test", "waits"))
    until(api, waits["task_id"], "ready")
    for given, family in (("Store", "Card"), ("First", "Last"), ("Code", "Why")):
        erase(api, joined(api, given_name=given, family_name=family)[0])
    assert task(api, waits["task_id"])["state"] == "ready"
    aside = Uploads(place / "uploads").aside(UUID(over["task_id"])).values()
    assert [row["first"] for row in aside] == ["Ivo", "Ida"]


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


def test_every_table_that_holds_something_of_people_is_told_in_an_export_or_says_why_not(api):
    of_people = {table for table, (fate, _) in HOLDS.items() if fate != "nothing"}
    assert set(TOLD) | set(UNTOLD) == of_people and not set(TOLD) & set(UNTOLD)
    theirs = api.eye.execute(
        "SELECT DISTINCT c.table_schema || '.' || c.table_name FROM information_schema.columns AS c"
        " JOIN information_schema.tables AS t USING (table_schema, table_name)"
        " WHERE t.table_type = 'BASE TABLE' AND c.column_name = ANY(%s)",
        (["member_id", "account_id", "person_id"],),
    )  # fmt: skip
    assert {row[0] for row in theirs} <= of_people, "whose it is, is said there"
    member, _ = joined(api)
    told = api.call("POST", f"/v1/members/{member}/export", {"reason": "the member asked"}).json()
    assert set(told["held"]) == set(TOLD.values())


def test_races_that_go_on_and_points_kept_ready_for_tills_are_told(api):
    member, account = joined(api)
    api.eye.execute("INSERT INTO checkout.board_standing VALUES ('spring', %s, 7)", (account,))
    api.eye.execute(
        "INSERT INTO checkout.allowance (id, account_id, store_id, till, points, step, worth_minor,"
        " max_percent, issued_at, valid_until)"
        " VALUES (%s, %s, 'S1', '1', 50, 1, 1, 100, now(), now() + interval '1 day')",
        (uuid4(), account),
    )
    told = api.call("POST", f"/v1/members/{member}/export", {"reason": "the member asked"}).json()
    assert told["held"]["standings"] == [{"race": "spring", "amount": 7}]
    (kept,) = told["held"]["allowances"]
    assert (kept["store"], kept["points"], kept["used"]) == ("S1", 50, 0)


def books(api: shops.Api) -> Any:
    """Every move, what is outstanding by age, and what receipts add up to."""
    moves = api.eye.execute("SELECT count(*), sum(points) FROM ledger.move").fetchone()
    sales = api.eye.execute(
        "SELECT count(*), sum(gross_minor), sum(points_earned) FROM checkout.receipt"
    ).fetchone()
    return moves, sales, api.call("GET", "/v1/points/outstanding").json()["currencies"]
