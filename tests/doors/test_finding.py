"""Members looked up by anything, listed, and told from beginning to end, over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from support import api as shops
from support.api import Api
from support.things import Things, fresh_card


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        shop.declare_events()
        yield shop


@pytest.fixture(scope="module")
def anna(api) -> dict[str, Any]:
    """Somebody with one of each kind, and a sale."""
    card = fresh_card(api)
    named = [
        {"kind": "card", "value": card}, {"kind": "phone", "value": "+39 333 7654321"},
        {"kind": "email", "value": "anna.verdi@example.org"}, {"kind": "external", "value": "C-77"},
    ]  # fmt: skip
    body = {"identifiers": named, "given_name": "Anna", "family_name": "Verdini", "language": "it"}
    said = api.call("POST", "/v1/members", body).json()
    receipt = api.post("/v1/receipts", api.basket(card=card, number="R/2031")).json()
    return {"card": card, "receipt": receipt["id"], **said}


def looked(api: Api, text: str, **more: Any) -> dict[str, Any]:
    said = api.call("POST", "/v1/members/search", {"text": text, **more.pop("body", {})}, **more)
    assert said.status_code == 200, said.text
    return said.json()


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("{card}", "card"), ("+39 333 7654321", "phone"), ("ANNA.Verdi@example.org", "email"),
        ("C-77", "external"), ("R/2031", "receipt"), ("verd", "name"), ("Verdini Anna", "name"),
        ("ÀNNA vérdini", "name"), ("{member_id}", "id"), ("{receipt}", "receipt"),
    ],
)  # fmt: skip
def test_anything_leads_to_the_member(api, anna, text, by):
    found = looked(api, text.format(**anna))["items"]
    assert [(each["by"], each["member"]["member_id"]) for each in found] == [
        (by, anna["member_id"])
    ]
    assert found[0]["receipt_id"] == (anna["receipt"] if by == "receipt" else None)
    assert found[0]["member"]["name"] == "Anna V."
    shown = {each["kind"]: each["value"] for each in found[0]["member"]["identifiers"]}
    assert shown["phone"] == "+39••••••4321" and shown["email"] == "a•••@example.org"


@pytest.mark.parametrize(
    "text",
    ["+39 333 765", "anna.verdi@", "C-7", "erdini", "'; DROP TABLE x; --", "%", "\u202e", "·"],
)
def test_a_part_of_what_is_masked_finds_nobody(api, anna, text):
    assert looked(api, text) == {"items": [], "next": None}


def test_who_sees_pseudonyms_finds_nobody_by_what_names_a_person(api, anna):
    body = {"name": "blind-desk", "grants": {"member.search": "all"}, "sight": "pseudonym"}
    assert api.call("POST", "/v1/roles", body).is_success
    token = api.issue("blind-desk")[1]
    for text in ("verdini", "+393337654321", "anna.verdi@example.org"):
        assert looked(api, text, token=token)["items"] == []
    (found,) = looked(api, anna["card"], token=token)["items"]
    assert found["member"]["name"] == ""


def test_pages_of_hits_go_on_and_their_cursors_tell_no_name(api, anna):
    for n in range(4):
        named = [{"kind": "external", "value": uuid4().hex}]
        body = {"identifiers": named, "given_name": f"Z{'abcd'[n]}", "family_name": "Quincy"}
        assert api.call("POST", "/v1/members", body).is_success
    whole = [each["member"]["name"] for each in looked(api, "quin")["items"]]
    assert whole == ["Za Q.", "Zb Q.", "Zc Q.", "Zd Q."]
    told, word = [], None
    while True:
        page = looked(api, "quin", body={"limit": 3} | ({"cursor": word} if word else {}))
        told += [each["member"]["name"] for each in page["items"]]
        word = page["next"]
        if word is None:
            break
        assert "uin" not in word
    assert told == whole
    for word in ("x", "WyIwIiwiOTk5Il0", "WyI3NyIsIiJd"):
        said = api.call("POST", "/v1/members/search", {"text": "quin", "cursor": word})
        assert said.status_code == 400 and said.json()["code"] == "cursor_unknown"


def test_lists_tell_who_was_here_last_and_whose_card_is_blocked(api, anna):
    thing = Things(api, {})
    other = thing.card()
    api.post("/v1/receipts", api.basket(card=other))
    api.post("/v1/receipts", api.basket(card=anna["card"]))
    lately = listed(api, "lately")
    assert lately[0]["member_id"] == anna["member_id"]
    assert len({each["member_id"] for each in lately}) == len(lately)
    assert api.call("POST", f"/v1/cards/{other}/block", {"reason": "lost"}).is_success
    assert other in [each["value"] for m in listed(api, "blocked") for each in m["identifiers"]]
    unused = api.post("/v1/receipts", api.basket(card=thing.fresh())).json()
    assert unused["points_earned"] is not None
    assert listed(api, "unregistered")[0]["registered_at"] is None
    joined = [each["registered_at"] for each in listed(api, "joined")]
    assert joined == sorted(joined, reverse=True) and None not in joined
    page = api.call("GET", "/v1/members?order=joined&limit=1").json()
    assert page["about"] == len(joined) and page["exact"] and page["next"]
    said = api.call("GET", "/v1/members?order=best")
    assert (said.status_code, said.json()["field"]) == (400, "order")


def test_a_page_of_last_visits_looks_so_far_and_no_further(api, anna, monkeypatch):
    whole = [each["member_id"] for each in listed(api, "lately")]
    monkeypatch.setattr("tessera.checkout.finding.db.WALK", 1)
    first = api.call("GET", "/v1/members?order=lately&limit=50").json()
    assert len(first["items"]) <= 4 and first["next"], "four receipts were looked at"
    assert [each["member_id"] for each in listed(api, "lately")] == whole


def listed(api: Api, order: str) -> list[dict[str, Any]]:
    """All of a list, two at a time."""
    told: list[dict[str, Any]] = []
    word = ""
    while word is not None:
        more = f"&cursor={word}" if word else ""
        page = api.call("GET", f"/v1/members?order={order}&limit=2{more}").json()
        told += page["items"]
        word = page["next"]
    return told


# The timeline ------------------------------------------------------------------------------------


def past(
    api: Api, member_id: str, limit: int = 50, token: str | None = None
) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    word = ""
    while word is not None:
        more = f"&cursor={word}" if word else ""
        path = f"/v1/members/{member_id}/timeline?limit={limit}{more}"
        said = api.call("GET", path, token=token)
        assert said.status_code == 200, said.text
        told += said.json()["items"]
        word = said.json()["next"]
    return told


@pytest.fixture(scope="module")
def busy(api) -> dict[str, Any]:
    """Somebody to whom everything has happened once."""
    thing = Things(api, {})
    card = thing.fresh()
    named = [{"kind": "card", "value": card}, {"kind": "email", "value": "busy@example.org"}]
    body = {"identifiers": named, "given_name": "Bea", "family_name": "Busy"}
    bea = thing.made("/v1/members", body)
    at = f"/v1/members/{bea['member_id']}"
    sale = thing.made("/v1/receipts", api.basket(card=card, business_date="2026-11-20"))
    thing.made("/v1/adjustments", {"member": {"card": card}, "points": 100, "reason": "goodwill"})
    thing.made("/v1/donations", {"member": {"card": card}, "points": 10, "cause": "forest"})
    said = {"purpose": "news", "channel": "email", "given": True}
    thing.made(f"{at}/consents", {"consents": [said], "proof": "form-1"})
    thing.made(f"{at}/choices", {"choice": "track", "options": ["miles"]})
    assert api.call("PATCH", at, {"given_name": "Beata"}).is_success
    thing.made(f"/v1/cards/{card}/block", {"reason": "lost"})
    thing.made(f"/v1/cards/{card}/unblock", None)
    thing.made(f"{at}/reveal", {"fields": ["name"], "reason": "calling back"})
    twin = thing.member()
    merge = thing.made(f"{at}/merge", {"other": twin, "reason": "same person"})
    thing.made(f"/v1/merges/{merge['merge_id']}/undo", {"reason": "two after all"})
    thing.made("/v1/households", {"member_id": bea["member_id"]})
    return {**bea, "card": card, "sale": sale["id"]}


def test_the_timeline_has_everything_once_newest_first(api, busy):
    told = past(api, busy["member_id"])
    kinds = [each["kind"] for each in told]
    assert {
        "sale", "adjustment", "donation", "came", "identifier", "consent", "choice", "household",
        "merged", "unmerged", "done",
    } <= set(kinds)  # fmt: skip
    assert [each["at"] for each in told] == sorted((each["at"] for each in told), reverse=True)
    by_kind = {each["kind"]: each for each in told}
    assert by_kind["sale"]["id"] == busy["sale"] and by_kind["sale"]["store"] == "S1"
    assert by_kind["donation"]["points"] == -10 and by_kind["donation"]["what"] == "forest"
    assert by_kind["adjustment"]["points"] == 100 and by_kind["adjustment"]["reason"] == "goodwill"
    assert by_kind["consent"]["what"] == "news/email" and by_kind["choice"]["state"] == "miles"
    assert by_kind["came"]["by"] == "office"
    numbers = {each["what"]: each["number"] for each in told if each["kind"] == "identifier"}
    assert numbers == {"card": busy["card"], "email": "b•••@example.org"}
    done = {each["what"]: each for each in told if each["kind"] == "done"}
    assert {"member.change", "card.block", "card.unblock", "member.reveal"} <= set(done)
    assert done["card.block"]["reason"] == "lost" and done["card.block"]["by"] == "test"
    for page in (1, 2, 3):
        assert past(api, busy["member_id"], page) == told


def test_who_may_not_watch_is_not_told_who_saw_what(api, busy):
    told = past(api, busy["member_id"], token=api.issue("operator")[1])
    assert "card.block" in [each.get("what") for each in told]
    assert "member.reveal" not in [each.get("what") for each in told]


def test_a_timeline_of_nobody_and_a_foreign_cursor_are_refused(api, busy):
    assert api.call("GET", f"/v1/members/{uuid4()}/timeline").status_code == 404
    for word in ("x", "WyJ5ZXN0ZXJkYXkiLCJ4Il0"):
        said = api.call("GET", f"/v1/members/{busy['member_id']}/timeline?cursor={word}")
        assert (said.status_code, said.json()["code"]) == (400, "cursor_unknown")


def test_the_household_of_a_member(api, busy):
    said = api.call("GET", f"/v1/members/{busy['member_id']}/household").json()
    assert said["household"]["members"][0]["name"] == "Beata B." and said["invitations"] == []
    alone = Things(api, {}).member()
    said = api.call("GET", f"/v1/members/{alone}/household").json()
    assert said == {"household": None, "invitations": []}
