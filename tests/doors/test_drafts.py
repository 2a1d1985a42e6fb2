"""Drafts over HTTP: begun, changed, checked, tried on receipts, rebased, published."""

from __future__ import annotations

from typing import Any

import pytest

from support import api as shops
from tessera.program.drafts import core

BASE = {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100}
PROGRAM: dict[str, Any] = {"name": "Shop", "currency": "EUR", "rules": [BASE]}
WEEKEND = "id: weekend\nmechanic: multiplier\ntimes_x100: 300\nwhen:\n  weekday: [sat, sun]\n"
HEAD, FIRST = "program.yaml", "rules/0010-base.yaml"
SATURDAY = "2026-03-14T10:15:00+01:00"


@pytest.fixture(scope="module")
def shop(server, template):
    with shops.fresh(server, template) as shop:
        yield shop


@pytest.fixture
def api(shop):
    shop.publish(PROGRAM)
    return shop


def begun(api, **more: Any) -> dict[str, Any]:
    said = api.call("POST", "/v1/drafts", {"name": "Spring"} | more)
    assert said.status_code == 201, said.text
    return said.json()


def changed(api, draft: dict[str, Any], files: dict[str, str | None]) -> dict[str, Any]:
    id, revision = draft["draft"]["draft_id"], draft["draft"]["revision"]
    said = api.call("POST", f"/v1/drafts/{id}", {"revision": revision, "files": files})
    assert said.status_code == 200, said.text
    return said.json()


def of(draft: dict[str, Any], path: str = "") -> str:
    return f"/v1/drafts/{draft['draft']['draft_id']}{path}"


def basket(**more: Any) -> dict[str, Any]:
    return {
        "store": "S1", "till": "1", "number": "1", "happened_at": SATURDAY, "currency": "EUR",
        "total_minor": 1000, "lines": [{"sku": "LATTE", "quantity": 2, "unit_minor": 500}],
    } | more  # fmt: skip


def test_a_draft_begins_as_the_program_that_decides(api):
    draft = begun(api)
    assert sorted(draft["files"]) == [HEAD, FIRST]
    assert draft["files"][FIRST] == ("id: base\nmechanic: base_rate\npoints: 2\nper_minor: 100\n")
    checked = api.call("GET", of(draft, "/check")).json()
    assert (checked["mistakes"], checked["changes"]) == ([], [])
    assert checked["program"] == PROGRAM
    assert not draft["draft"]["behind"]


def test_what_is_wrong_is_kept_and_told_with_its_line(api):
    draft = changed(api, begun(api), {FIRST: "id: base\nmechanic: base_rate\npoints: 0\n"})
    checked = api.call("GET", of(draft, "/check")).json()
    told = [(each["file"], each["line"], each["field"]) for each in checked["mistakes"]]
    assert told == [(FIRST, 1, ""), (FIRST, 3, "points")]
    tried = shops.refused(api, lambda: api.call("POST", of(draft, "/try"), {"basket": basket()}))
    assert tried["code"] == "draft_unreadable" and tried["why"].startswith(f"{FIRST}:1")


def test_nobody_writes_over_another_s_work(api):
    draft = begun(api)
    changed(api, draft, {"rules/0020-weekend.yaml": WEEKEND})
    late = {"revision": 1, "files": {FIRST: "id: other"}}
    refused = shops.refused(api, lambda: api.call("POST", of(draft), late))
    assert (refused["status"], refused["code"]) == (409, "draft_changed")
    kept = api.call("GET", of(draft)).json()
    assert kept["draft"]["revision"] == 2 and kept["files"][FIRST] == draft["files"][FIRST]


@pytest.mark.parametrize(
    "files",
    [
        {"../program.yaml": "x"}, {"rules/../../x.yaml": "x"}, {"rules/a.txt": "x"},
        {"tests/a.yaml": "x"}, {HEAD: None}, {"rules/a.yaml": "a\0b"}, {"rules/.yaml": "x"},
    ],
)  # fmt: skip
def test_only_a_program_s_files_are_kept(api, files):
    draft = begun(api)
    body = {"revision": 1, "files": files}
    refused = shops.refused(api, lambda: api.call("POST", of(draft), body))
    assert refused["code"] == "draft_invalid"


def test_a_receipt_is_tried_under_both_line_by_line_and_nothing_is_written(api):
    draft = changed(api, begun(api), {"rules/0020-weekend.yaml": WEEKEND})
    before = api.rows()
    said = api.call("POST", of(draft, "/try"), {"basket": basket()})
    assert said.status_code == 200, said.text
    trial = said.json()
    assert api.rows() == before
    assert (trial["now"]["points_earned"], trial["then"]["points_earned"]) == (20, 60)
    (line,) = trial["then"]["lines"]
    assert (line["total_minor"], line["points"]) == (1000, 60)
    assert [each["rule"] for each in trial["then"]["effects"]] == ["base", "weekend"]


def test_what_nobody_knows_can_be_assumed(api):
    third = (
        "id: third\nmechanic: fixed_points\npoints: 50\nwhen:\n"
        "  history: {measure: receipts, at_least: 2, window: 30 days}\n"
    )
    draft = changed(api, begun(api), {"rules/0020-third.yaml": third})
    trial = api.call("POST", of(draft, "/try"), {"basket": basket()}).json()
    assert trial["then"]["points_earned"] == 20
    (gap,) = trial["asked"]
    assert (gap["known"], gap["rules"]) == (None, ["third"])
    body = {"basket": basket(), "assumed": {gap["key"]: 2}}
    assert api.call("POST", of(draft, "/try"), body).json()["then"]["points_earned"] == 70


def test_a_posted_receipt_gives_what_it_gave(api):
    posted = api.call("POST", "/v1/receipts", api.basket(number="T1"), token=api.till)
    assert posted.status_code == 201, posted.text
    sale = posted.json()
    draft = begun(api)
    named = [{"receipt_id": sale["id"]}]
    told = api.call("GET", f"/v1/receipts/{sale['id']}").json()
    named.append(
        {"receipt": {name: told[name] for name in ("store", "till", "business_date", "shift",
                                                   "number")}}
    )  # fmt: skip
    for body in named:
        trial = api.call("POST", of(draft, "/try"), body).json()
        assert trial["now"]["points_earned"] == sale["points_earned"]
        assert trial["then"]["to_pay_minor"] == sale["to_pay_minor"]
    both = named[0] | named[1]
    refused = shops.refused(api, lambda: api.call("POST", of(draft, "/try"), both))
    assert refused["code"] == "receipt_not_named"


def test_with_a_card_it_is_what_a_quote_would_say(api):
    draft = begun(api)
    quoted = api.call("POST", "/v1/quotes", {"basket": basket(card=api.cards[0])})
    trial = api.call("POST", of(draft, "/try"), {"basket": basket(card=api.cards[0])}).json()
    assert trial["then"]["points_earned"] == quoted.json()["points_earned"]


def test_who_may_not_ask_whose_a_card_is_tries_without_one(api):
    draft, analyst = begun(api), api.issue("analyst")[1]
    said = api.call("POST", of(draft, "/try"), {"basket": basket(card=api.cards[0])}, token=analyst)
    assert (said.status_code, said.json()["field"]) == (403, "basket.card")
    said = api.call("POST", of(draft, "/try"), {"basket": basket()}, token=analyst)
    assert said.status_code == 200
    assert api.call("POST", of(draft, "/drop"), token=analyst).status_code == 403


def test_published_it_is_closed_and_the_program_decides(api):
    draft = changed(api, begun(api), {"rules/0020-weekend.yaml": WEEKEND})
    body = api.call("GET", of(draft, "/check")).json()["program"]
    order = {"program": body, "draft": draft["draft"]["draft_id"], "note": "spring"}
    said = api.call("POST", "/v1/program/versions", order)
    assert said.status_code == 201, said.text
    closed = api.call("GET", of(draft)).json()
    assert closed["draft"]["published"] == said.json()["version"] == closed["current"]
    refused = shops.refused(api, lambda: api.call("POST", of(draft), {"revision": 2}))
    assert refused["code"] == "draft_published"
    assert shops.refused(api, lambda: api.call("POST", of(draft, "/drop")))["code"] == (
        "draft_published"
    )


def test_what_was_changed_since_it_was_sent_stays_open(api):
    draft = begun(api)
    body = api.call("GET", of(draft, "/check")).json()["program"]
    changed(api, draft, {"rules/0020-weekend.yaml": WEEKEND})
    order = {"program": body, "draft": draft["draft"]["draft_id"]}
    assert api.call("POST", "/v1/program/versions", order).status_code == 201
    assert api.call("GET", of(draft)).json()["draft"]["published"] is None


def test_a_draft_that_is_behind_says_so_and_is_rebased(api):
    draft = changed(api, begun(api), {"rules/0020-weekend.yaml": WEEKEND})
    pay = {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1}
    api.publish(PROGRAM | {"tolerance_minor": 2, "rules": [BASE | {"points": 3}, pay]})
    behind = api.call("GET", of(draft)).json()
    assert behind["draft"]["behind"] and behind["current"] > behind["draft"]["base"]
    said = api.call("POST", of(draft, "/rebase"), {"revision": 2}).json()
    assert (said["both"], said["draft"]["behind"], said["draft"]["revision"]) == ([], False, 3)
    program = api.call("GET", of(draft, "/check")).json()["program"]
    assert [(each["id"], each.get("points")) for each in program["rules"]] == [
        ("base", 3), ("weekend", None), ("pay", 1)
    ]  # fmt: skip
    assert program["tolerance_minor"] == 2


def test_what_both_sides_changed_stays_the_draft_s_and_is_told(api):
    mine = "id: base\nmechanic: base_rate\npoints: 5\nper_minor: 100\n"
    draft = changed(api, begun(api), {FIRST: mine})
    api.publish(PROGRAM | {"rules": [BASE | {"points": 3}]})
    said = api.call("POST", of(draft, "/rebase"), {"revision": 2}).json()
    assert said["both"] == ["base"]
    assert api.call("GET", of(draft)).json()["files"][FIRST] == mine


def test_a_draft_is_thrown_away_and_the_list_is_of_open_ones(api):
    draft, other = begun(api), begun(api, name="Other", base=1)
    gone = api.call("POST", of(draft, "/drop"))
    assert gone.status_code == 200, gone.text
    assert api.call("GET", of(draft)).status_code == 404
    listed = api.call("GET", "/v1/drafts?open=yes&limit=100").json()["items"]
    assert other["draft"]["draft_id"] in [each["draft_id"] for each in listed]
    assert all(each["published"] is None for each in listed)


def test_there_are_only_so_many(api, monkeypatch):
    monkeypatch.setattr(core, "MOST", 0)
    refused = shops.refused(api, lambda: api.call("POST", "/v1/drafts", {"name": "x"}))
    assert (refused["status"], refused["code"]) == (409, "too_many_drafts")


def test_the_kinds_say_what_a_form_needs(api):
    kinds = api.call("GET", "/v1/program/kinds").json()
    rate = next(each for each in kinds["mechanics"] if each["code"] == "base_rate")
    points = rate["fields"][0]
    assert (points["control"], points["low"], points["high"]) == ("whole", 1, 1_000_000)
    assert rate["fields"][1]["control"] == "money"
    days = next(each for each in kinds["conditions"] if each["code"] == "weekday")["fields"][0]
    assert days["choices"][:2] == ["mon", "tue"] and days["required"]
