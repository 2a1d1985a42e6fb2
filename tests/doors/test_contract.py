"""What a till may rely on: the reference, the examples, problems, rates, pages, keys of calls."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import msgspec
import pytest

from support import api as shops
from support.api import Api
from support.makes import MAKES
from support.promises import Promises
from tessera.access.core import POLICY
from tessera.doors.till import OPERATIONS
from tessera.members.core import card_number

TABLE = {operation.name: operation for operation in OPERATIONS}
RATES = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        yield shop


@pytest.fixture(scope="module")
def document(api):
    return api.client.get("/openapi.json").json()


# The reference ---------------------------------------------------------------------------------


def test_the_reference_names_every_operation(document):
    told = {
        (method.upper(), path): row["operationId"]
        for path, methods in document["paths"].items()
        for method, row in methods.items()
    }
    assert told == {(row.method, row.path): row.name for row in OPERATIONS}
    assert document["openapi"].startswith("3.1.")
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.validator_for({**schema, "components": document["components"]})
    refs = set(re.findall(r'"#/components/(\w+)/([^"]+)"', str(document).replace("'", '"')))
    assert all(name in document["components"][part] for part, name in refs)


class Desk:
    """Sends the examples of the reference, filling in what only earlier answers know."""

    def __init__(self, api: Api, document: dict[str, Any]) -> None:
        self.api, self.promises = api, Promises(document)
        self.done: set[str] = set()

    def __call__(self, name: str, body: Any = None, **path: str) -> Any:
        row = TABLE[name]
        body = row.example if body is None else body
        said = self.api.call(row.method, row.path.format(**path), body)
        assert said.status_code == row.status, (name, said.text)
        self.done.add(name)
        return self.promises.checked(name, said)


def test_every_example_works_and_answers_what_is_promised(server, template):
    with shops.fresh(server, template) as api:
        desk = Desk(api, api.client.get("/openapi.json").json())
        desk("store.put", store_id="S1")
        batch = desk("card.issue")["batch_id"]
        assert desk("card.numbers", batch_id=batch)["items"]
        anna = desk("member.register")["member_id"]
        desk("member.identifier", member_id=anna)
        old = card_number("2900", 2)
        desk("member.identifier", {"kind": "card", "value": old}, member_id=anna)
        desk("card.block", number=old)
        desk("card.unblock", number=old)
        assert desk("card.replace", number=old)["number"] == TABLE["identify"].example["card"]
        desk("quote")
        held = desk("quote", TABLE["quote"].example | {"hold": True})
        desk("quote.cancel", quote_id=held["id"])
        receipt = desk("receipt.confirm")
        assert receipt["points_earned"] == 23
        desk("receipt.checkout")
        assert desk("receipt.return")["refund_minor"] == 400
        assert desk("receipt.bulk")["status"] == 201  # one line: its answer is one too
        desk("receipt.read", receipt_id=receipt["id"])
        account = desk("identify")["account_id"]
        assert len(desk("receipt.history", account_id=account)["items"]) == 4
        assert desk("program.publish")["version"] == 2
        desk("program.read")
        assert desk("program.check")["changes"] == []
        assert desk("program.announce")["version"] == 3
        assert desk("program.versions")["items"][0]["state"] == "announced"
        assert desk("program.version", version="1")["version"] == 1
        assert desk("program.rollback")["overtaken"] == [3]
        always = {"program": TABLE["program.publish"].example, "from_beginning": True}
        assert desk("program.announce", always)["starts_at"] is None
        assert desk("allowance.issue")["till"] == "1"
        assert desk("allowance.key")["algorithm"] == "Ed25519"
        desk("member.register", {"identifiers": [{"kind": "external", "value": "crm-10043"}]})
        for name in ("adjustment", "extension", "donation", "exchange"):
            assert desk(f"{name}.make")["kind"] == name
        assert desk("transfer.send")["to_points"] == 10
        assert desk("points.read", account_id=account)["wallets"]
        assert desk("points.history", account_id=account)["items"]
        assert desk("points.outstanding")["currencies"][0]["balance"] > 0
        assert desk("event.post")["kind"] == "event"
        assert desk("event.history", account_id=account)["items"]
        key = desk("key.issue")
        assert key["token"].startswith("tsr_a")
        assert desk("key.rotate", key_id=key["key_id"])["token"] != key["token"]
        desk("key.revoke", key_id=key["key_id"])
        own = desk("role.make")["name"]
        desk("role.change", role=own)
        assert desk("role.end", role=own)["ended_at"] is not None
        incident = desk("incident.open")["incident_id"]
        desk("incident.note", incident_id=incident)
        assert len(desk("incident.close", incident_id=incident)["notes"]) == 2
        assert desk("incident.list")["items"][0]["closed_by"] is not None
        desk("member.change", member_id=anna)
        anna_now = desk("member.read", member_id=anna)
        assert (anna_now["name"], anna_now["favourites"]) == ("Anna R.", ["LATTE", "bakery"])
        for name in ("member.list", "card.batches", "store.list", "key.list",
                     "role.list"):  # fmt: skip
            assert desk(name)["items"]
        a_second_person_decides(desk)
        later = set(TABLE) - desk.done
        assert later <= set(MAKES), "the crawler of tests/doors/test_policy.py calls these"


@pytest.mark.parametrize("name", [row.name for row in OPERATIONS if row.example is not None])
def test_an_example_is_a_body(name):
    row = TABLE[name]
    assert row.body is not None
    if row.body is not dict and not row.lines:
        msgspec.convert(row.example, row.body)


def a_second_person_decides(desk: Desk) -> None:
    """What somebody has proposed is approved and rejected by the office; its own is withdrawn."""
    body = TABLE["adjustment.make"].example | {"points": 5001}
    for token, what in (
        (desk.api.somebody(), "approve"), (desk.api.somebody(), "reject"), (None, "withdraw"),
    ):  # fmt: skip
        said = desk.api.call("POST", "/v1/adjustments", body, token=token)
        assert said.status_code == 202, said.text
        waits = desk.promises.checked("adjustment.make", said)
        path = {"approval_id": waits["approval_id"]}
        assert desk("approval.list")["items"][0]["approval_id"] == waits["approval_id"]
        assert desk("approval.read", **path)["hash"] == waits["hash"]
        agreed = {"hash": waits["hash"]} if what == "approve" else None
        desk(f"approval.{what}", agreed, **path)
    entry = desk("audit.list")["items"][0]
    assert entry["operation"] == "approval.withdraw"
    desk("audit.reveal", entry=entry["entry"])
    kind = desk.api.call("GET", "/v1/audit/export").headers["content-type"]
    assert kind in str(desk.promises.document)
    desk.done.add("audit.export")  # not JSON


def test_a_problem_says_what_where_why_and_what_to_do(api, document):
    said = api.post("/v1/receipts", api.basket(total_minor=1))
    problem = Promises(document).checked("receipt.confirm", said)
    assert said.headers["content-type"] == "application/problem+json"
    assert list(problem) == ["type", "title", "status", "code", "field", "why", "cure"]
    assert problem["type"] == "urn:tessera:problem:total_differs" and problem["status"] == 422
    assert problem["title"] and "1150" in problem["why"] and problem["cure"]


# Rates -----------------------------------------------------------------------------------------


def test_every_answer_to_a_key_tells_its_rate(api):
    for said in (
        api.call("GET", "/v1/stores"),
        api.call("GET", "/v1/members/x"),
        api.post("/v1/receipts", b"{}"),
        api.post("/v1/receipts", api.basket(store="S2")),
        api.call("GET", "/v1/keys", token=api.till),
    ):
        assert [said.headers.get(name, "").isdigit() for name in RATES] == [True] * 3


@pytest.mark.parametrize("threads", [1, 15])
def test_a_key_that_calls_too_often_is_told_to_wait(api, threads):
    _, token = api.issue("till", "S1", rate_per_s=5)
    spellings = ["Bearer", "bearer", "BEARER", "bEARER", "Bearer "]
    sent = [{"Authorization": f"{word} {token}"} for word in spellings * 6]
    began = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        said = list(pool.map(lambda h: api.call("GET", "/v1/stores", token="", headers=h), sent))
    took_s = time.monotonic() - began
    slow = [each for each in said if each.status_code == 429]
    assert 30 - len(slow) <= 5 + 5 * took_s + 1, "one bucket, however it is asked"
    assert {each.status_code for each in said} == {200, 429}
    for each in slow:
        assert each.headers["retry-after"].isdigit() and each.json()["code"] == "too_many_calls"
        assert each.headers["ratelimit-limit"] == "5"
    time.sleep(int(slow[0].headers["retry-after"]))
    assert api.call("GET", "/v1/stores", token=token).status_code == 200


# One call, one effect --------------------------------------------------------------------------


def test_a_writing_call_needs_a_key_of_its_own(api):
    for row in OPERATIONS:
        own = "member" in POLICY[row.name]  # which the office is not
        if row.kind != "reads" and not row.key_optional and not own:
            path = re.sub(r"{\w+}", "x", row.path)
            said = api.call(row.method, path, row.example, key=None)
            problem = said.json()
            assert (said.status_code, problem["code"]) == (400, "key_missing"), row.name
            assert problem["field"] == "Idempotency-Key"
    held = api.post("/v1/quotes", {"basket": api.basket(), "hold": True}, key=None)
    assert held.json()["code"] == "key_missing"


def test_the_same_call_gives_the_same_bytes_once(api):
    body, before = api.basket(), api.rows()
    first = api.post("/v1/receipts", body, key="again")
    assert first.status_code == 201 and "idempotent-replayed" not in first.headers
    after = api.rows()
    assert after["checkout.receipt"] == before["checkout.receipt"] + 1
    for spelled in (body, dict(reversed(body.items())), body | {"shift": ""}):
        again = api.post("/v1/receipts", spelled, key="again")
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["idempotent-replayed"] == "true"
    store = {"name": "Third", "time_zone": "Europe/Rome"}
    said = [api.call("PUT", "/v1/stores/S3", store, key="store") for _ in range(2)]
    assert said[0].content == said[1].content and said[1].headers["idempotent-replayed"] == "true"
    assert api.rows()["checkout.receipt"] == after["checkout.receipt"]


def test_a_key_is_the_callers_own(api):
    """Two principals may draw the same key; neither sees the other's answer."""
    one = api.post("/v1/receipts", api.basket(), key="shared")
    other = api.post("/v1/receipts", api.basket(store="S2"), key="shared", token=api.other)
    assert one.status_code == other.status_code == 201
    assert one.json()["id"] != other.json()["id"]


def test_a_key_used_for_another_body_names_the_first_field_that_differs(api):
    body = api.basket()
    assert api.post("/v1/receipts", body, key="other").status_code == 201
    for other, field in (
        ({"total_minor": 1151, "cashier_id": "C8"}, "total_minor"),
        ({"number": "x", "currency": "USD"}, "number"),
        ({"shift": "2"}, "shift"),
        ({"card": None}, "card"),
    ):
        said = api.post("/v1/receipts", body | other, key="other")
        assert (said.status_code, said.json()["code"]) == (422, "key_reused")
        assert said.json()["field"] == field
    said = api.post("/v1/checkout", body, key="other")
    assert (said.json()["code"], said.json()["field"]) == ("key_reused", "Idempotency-Key")
    store = {"name": "x", "time_zone": "Europe/Rome"}
    assert api.call("PUT", "/v1/stores/S4", store, key="put").status_code == 200
    for path, other, field in (
        ("/v1/stores/S4", store | {"name": "y"}, "name"),
        ("/v1/stores/S5", store, "path.store_id"),
    ):
        said = api.call("PUT", path, other, key="put")
        assert (said.status_code, said.json()["field"]) == (422, field)
    program = TABLE["program.publish"].example
    assert api.call("POST", "/v1/program", program, key="program").status_code == 201
    said = api.call("POST", "/v1/program", program | {"name": "other"}, key="program")
    assert (said.status_code, said.json()["field"]) == (422, "name")


def test_of_parallel_calls_with_one_key_one_works_and_the_others_wait(api):
    for path, body, token in (
        ("/v1/receipts", api.basket(card=api.cards[30]), api.till),
        ("/v1/card-batches", {"prefix": "26", "count": 1}, api.admin),
    ):
        before, gate = api.rows(), threading.Barrier(12)

        def send(_: int, path=path, body=body, token=token, gate=gate) -> httpx.Response:
            gate.wait()
            return api.post(path, body, key="parallel", token=token)

        with ThreadPoolExecutor(12) as pool:
            said = list(pool.map(send, range(12)))
        done = {each.content for each in said if each.status_code == 201}
        assert len(done) == 1
        for each in said:
            if each.status_code != 201:
                problem = each.json()
                assert (each.status_code, problem["code"]) == (409, "key_in_flight")
                assert problem["field"] == "Idempotency-Key"
        assert api.rows()["access.request"] == before["access.request"] + 1
        assert api.post(path, body, key="parallel", token=token).content in done


def test_a_refused_call_leaves_its_key_free(api):
    body = api.basket()
    assert api.post("/v1/receipts", body | {"total_minor": 1}, key="free").status_code == 422
    assert api.post("/v1/receipts", body, key="free").status_code == 201
    batch = {"prefix": "2", "count": 1}
    assert api.call("POST", "/v1/card-batches", batch, key="batch").status_code == 400
    key = {"name": "x", "role": "till", "store": "S9"}
    assert api.call("POST", "/v1/keys", key, key="batch").status_code == 404
    assert api.call("POST", "/v1/card-batches", batch | {"prefix": "25"}, key="batch").is_success


def test_the_one_call_form_is_protected_by_the_receipts_own_number(api):
    body = api.basket()
    first = api.post("/v1/checkout", body, key=None)
    again = api.post("/v1/checkout", body, key=None)
    assert first.status_code == 201 and again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    other = api.post("/v1/checkout", body | {"cashier_id": "C9"}, key=None)
    assert (other.status_code, other.json()["field"]) == (422, "cashier_id")
    known = api.post("/v1/receipts", body)
    assert (known.status_code, known.json()["code"]) == (409, "receipt_known")


def test_a_token_is_told_once(api):
    body = {"name": "till", "role": "till", "store": "S1"}
    said = [api.call("POST", "/v1/keys", body, key="token").json() for _ in range(2)]
    assert said[0]["token"] and said[1]["token"] is None
    assert said[0]["key_id"] == said[1]["key_id"]


# Other processes, other addresses --------------------------------------------------------------


@pytest.fixture
def elsewhere(api, tmp_path):
    """Another process over the same database."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from support.api import served\n"
        "with served(sys.argv[1]) as url: print(url, flush=True); sys.stdin.read()\n"
    )
    here = str(Path(__file__).parents[1])
    with subprocess.Popen(
        [sys.executable, "-c", program, api.dsn, here],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate()


def test_a_revoked_key_is_refused_by_every_process_within_five_seconds(api, elsewhere):
    key_id, token = api.issue("till", "S1")

    def status(url: str) -> int:
        sent = {"Authorization": f"Bearer {token}"}
        return httpx.get(f"{url}/v1/stores", headers=sent, timeout=30).status_code

    assert status(api.url) == status(elsewhere) == 200
    assert api.call("POST", f"/v1/keys/{key_id}/revoke").status_code == 200
    revoked = time.monotonic()
    assert status(api.url) == 401, "at once where it was revoked"
    while status(elsewhere) == 200:
        assert time.monotonic() - revoked < 5
        time.sleep(0.1)
    assert status(elsewhere) == 401


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/v1/receipts/a/b", "/nothing"])
def test_an_unknown_address_is_told_so(api, path):
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        said = api.call(method, path)
        assert (said.status_code, said.json()["code"]) == (404, "not_found")
        assert said.headers["content-type"] == "application/problem+json"
    assert api.call("HEAD", path).status_code == 404


def test_another_method_is_told_which_are_possible(api):
    allowed: dict[str, set[str]] = {}
    for row in OPERATIONS:
        allowed.setdefault(re.sub(r"{\w+}", "x", row.path), set()).add(row.method)
    for path, methods in allowed.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - methods:
            said = api.call(method, path)
            assert (said.status_code, said.json()["code"]) == (405, "method_other"), path
            assert set(said.headers["allow"].split(", ")) == methods
        head = api.call("HEAD", path)
        assert (head.status_code, head.content) == (405, b"")
