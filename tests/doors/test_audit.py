"""The log over HTTP: what every writing call leaves, who sees it, how it is taken along."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from support import api as shops
from support import database
from tessera.access.audit import flows
from tessera.access.audit.core import Actor, Change, Entry
from tessera.access.core import Principal
from tessera.base.ids import new_id
from tessera.doors.audited import COLUMNS, harmless
from tessera.doors.refused import MOST, Refused

ADJUST = {"points": 10, "reason": "goodwill"}


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        shop.declare_events()
        yield shop


def log(api, **query) -> list[dict]:
    said = api.client.get(
        "/v1/audit", params=query, headers={"Authorization": f"Bearer {api.admin}"}
    )
    assert said.status_code == 200, said.text
    return said.json()["items"]


def test_every_writing_call_leaves_one_entry_with_its_outcome(api):
    key = uuid4().hex
    store = {"name": "Via Roma", "time_zone": "Europe/Rome"}
    for _ in range(2):  # the second is answered from the first
        assert api.call("PUT", "/v1/stores/S7", store, key=key).is_success
    (entry,) = log(api, subject="S7")
    assert entry["operation"] == "store.put" and entry["outcome"] == "done"
    assert entry["by"]["kind"] == "key" and entry["by"]["role"] == "owner"
    assert entry["by"]["address"] == "127.0.0.1"
    row = api.eye.execute("SELECT outcome_id FROM access.request WHERE key = %s", [key]).fetchone()
    assert entry["outcome_id"] == str(row[0])


def test_a_call_that_was_refused_leaves_none(api):
    before = api.rows()["access.audit"]
    bad = {"name": "Via Roma", "time_zone": "Nowhere"}
    assert api.call("PUT", "/v1/stores/S8", bad).status_code == 422
    assert log(api, subject="S8") == [] and api.rows()["access.audit"] == before


def test_an_adjustment_says_what_came_to_whom_and_why(api):
    body = ADJUST | {"member": {"card": api.cards[0]}}
    said = api.call("POST", "/v1/adjustments", body)
    assert said.status_code == 201, said.text
    (entry,) = log(api, subject=said.json()["account_id"])
    assert entry["reason"] == "goodwill" and entry["before"] is None
    assert entry["after"]["to_points"] == 10 and not entry["sealed"]
    assert entry["outcome_id"] == said.json()["operation_id"]


def test_words_of_an_address_that_may_be_a_person_are_not_kept(api):
    number = api.cards[5]
    who = {"identifiers": [{"kind": "card", "value": number}]}
    assert api.call("POST", "/v1/members", who).is_success
    assert api.call("POST", f"/v1/cards/{number}/block", {"reason": "lost"}).is_success
    rows = api.eye.execute("SELECT a::text FROM access.audit AS a").fetchall()
    assert not [row for (row,) in rows if number in row]
    assert log(api, operation="card.block")


def test_the_list_is_paged_and_filtered(api):
    for name in ("P1", "P2", "P3"):
        body = {"name": name, "time_zone": "Europe/Rome"}
        assert api.call("PUT", f"/v1/stores/{name}", body).is_success
    first = api.call("GET", "/v1/audit?limit=2").json()
    then = api.call("GET", f"/v1/audit?limit=2&cursor={first['next']}").json()
    names = [each["entry"] for each in first["items"] + then["items"]]
    assert len(set(names)) == 4
    at = first["items"][0]["at"].replace("+", "%2B")
    assert api.call("GET", f"/v1/audit?from={at}").json()["items"][0]["entry"] == names[0]
    assert names[0] not in [each["entry"] for each in log(api, to=first["items"][0]["at"])]
    mine = first["items"][0]["by"]["principal_id"]
    assert log(api, principal=mine) and not log(api, principal=str(uuid4()))


@pytest.mark.parametrize(
    "query",
    ["principal=x", "from=yesterday", "to=2026-01-01T00:00:00", "cursor=x", "limit=0",
     "reason=" + "x" * 300, "subject=%00"],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused(api, query):
    shops.refused(api, lambda: api.call("GET", f"/v1/audit?{query}"))


# Taken along -------------------------------------------------------------------------------------


def test_the_export_has_every_entry_in_both_forms(api):
    lines = api.call("GET", "/v1/audit/export")
    assert lines.headers["content-type"] == "application/x-ndjson"
    told = [json.loads(line) for line in lines.text.splitlines()]
    table = api.call("GET", "/v1/audit/export?format=csv")
    assert table.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(table.text)))
    assert rows[0] == list(COLUMNS) == list(told[0])
    assert [row[0] for row in rows[1:]] == [each["entry"] for each in told]
    assert len(told) == api.rows()["access.audit"]
    rest = api.call("GET", f"/v1/audit/export?cursor={told[1]['cursor']}")
    assert [json.loads(line)["entry"] for line in rest.text.splitlines()] == [
        each["entry"] for each in told[2:]
    ]
    assert api.call("GET", "/v1/audit/export?format=xlsx").json()["code"] == "query_invalid"


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_is_run_by_a_spreadsheet(cell):
    assert harmless(cell) == f"'{cell}" and harmless(f"a{cell}") == f"a{cell}"


def test_a_reason_that_is_a_formula_comes_out_harmless(api):
    card, reason = api.cards[6], "=HYPERLINK(1)"
    who = {"identifiers": [{"kind": "card", "value": card}]}
    assert api.call("POST", "/v1/members", who).is_success
    plain = {"name": "Test", "currency": "EUR", "rules": []}
    waits = api.call("POST", "/v1/program/versions", {"program": plain, "from_beginning": True})
    if waits.status_code == 202:  # the one before asks for two persons
        told = waits.json()
        path = f"/v1/approvals/{told['approval_id']}/approve"
        done = api.call("POST", path, {"hash": told["hash"]}, token=api.somebody())
        assert done.is_success, done.text
    said = api.call("POST", "/v1/adjustments",
                    {"member": {"card": card}, "points": 5, "reason": reason})  # fmt: skip
    assert said.status_code == 201, said.text
    table = api.call("GET", "/v1/audit/export?format=csv&operation=adjustment.make").text
    assert f"'{reason}" in [row[15] for row in csv.reader(io.StringIO(table))]


# Values of persons -------------------------------------------------------------------------------


def test_a_persons_values_are_shown_for_a_reason_that_is_written_down(api):
    """Revealed once, with a reason; a replay of that call tells nothing any more."""
    place = sealed_entry(api)
    (entry,) = [each for each in log(api, operation="member.change") if each["sealed"]]
    assert entry["entry"] == place and entry["fields"] == ["name"]
    assert entry["before"] is entry["after"] is None
    assert "Canary" not in api.call("GET", "/v1/audit/export").text
    key = uuid4().hex
    ask = {"reason": "the member asks"}
    said = api.call("POST", f"/v1/audit/{place}/reveal", ask, key=key).json()
    assert said == {
        "entry": place, "gone": False, "before": {"name": "Canary"}, "after": {"name": "Robin"},
    }  # fmt: skip
    again = api.call("POST", f"/v1/audit/{place}/reveal", ask, key=key).json()
    assert again["before"] is again["after"] is None
    (shown,) = log(api, operation="audit.reveal")
    assert shown["subject_id"] == place and shown["reason"] == "the member asks"
    for nothing in ("99-1", "x", "1-999999999"):
        said = api.call("POST", f"/v1/audit/{nothing}/reveal", ask)
        assert (said.status_code, said.json()["code"]) == (404, "entry_unknown")


def sealed_entry(api) -> str:
    """The name of an entry about a person."""

    async def write() -> None:
        async with await database.connect(api.dsn) as conn:
            person = new_id()
            change = Change("member", person, {"name": "Canary"}, {"name": "Robin"}, person)
            who = Actor("key", new_id(), "test")
            await flows.note(conn, Entry(datetime.now(UTC), who, "member.change", change))
            await conn.commit()

    asyncio.run(write())
    (row,) = api.eye.execute(
        "SELECT chain || '-' || seq FROM access.audit WHERE person_id IS NOT NULL"
        " ORDER BY at DESC LIMIT 1"
    ).fetchall()
    return row[0]


# Who tried what he may not -----------------------------------------------------------------------


def test_tries_of_those_who_may_not_are_counted_in_one_entry(server, template):
    """Written once a minute, and when the house closes."""
    name = f"tessera_tries_{uuid4().hex[:12]}"
    database.make(server, name, template)
    dsn = database.at(server, name)
    try:
        with shops.opened(dsn) as api:
            for _ in range(3):
                assert api.call("GET", "/v1/audit", token=api.till).status_code == 403
            assert api.call("GET", "/v1/keys", token=api.till).status_code == 403
        with psycopg.connect(dsn) as conn:
            found = conn.execute(
                "SELECT operation, role, address, convert_from(after, 'UTF8') FROM access.audit"
                " WHERE outcome = 'refused' ORDER BY operation"
            ).fetchall()
    finally:
        database.drop(server, name)
    assert found == [
        ("audit.list", "till", "127.0.0.1", '{"times":3}'),
        ("key.list", "till", "127.0.0.1", '{"times":1}'),
    ]


def test_many_who_try_do_not_fill_the_log():
    counted = Refused(None)  # type: ignore[arg-type]  # it only counts here
    for _ in range(MOST + 5):
        by = Principal(new_id(), "key", "x", "till", ("S1",), 1)
        counted.add(by, "key.list", "")
    entries = counted.take()
    assert len(entries) == MOST + 1 and entries[-1].change.after == {"times": 5}
    assert counted.take() == []
