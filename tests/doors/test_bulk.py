"""A night of receipts in one call, and allowances, over HTTP."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from support import api as shops
from support.api import day_of
from tessera.doors.till.bulk import AT_ONCE, MAX_LINE, MAX_LINES, MAX_TOLD


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        program = {
            "name": "T", "currency": "EUR", "unknown_cards": "any",
            "offline": {"points": 500, "share_percent": 50, "days": 2},
            "rules": [
                {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
                {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1},
            ],
        }  # fmt: skip
        assert shop.call("POST", "/v1/program", program).status_code == 201
        yield shop


def send(api, lines: list[Any], token: str | None = None) -> list[dict[str, Any]]:
    """What became of these lines; bytes go as they are."""
    raw = b"\n".join(
        each if isinstance(each, bytes) else json.dumps(each).encode() for each in lines
    )
    said = api.post("/v1/receipts/bulk", raw, key=None, **({"token": token} if token else {}))
    assert said.status_code == 200, said.text
    assert said.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in said.text.splitlines()]


def size(body: dict[str, Any]) -> int:
    """Bytes of an answer."""
    return len(json.dumps(body, separators=(",", ":")))


def give_back(api, sale: dict[str, Any]) -> dict[str, Any]:
    body = api.basket()
    named = {name: sale[name] for name in ("store", "till", "number")}
    kept = {name: body[name] for name in ("store", "till", "number", "happened_at")}
    return kept | {"sale": named | {"business_date": day_of(sale), "shift": ""}}


def test_each_line_has_its_own_answer_and_a_bad_one_hurts_no_other(api):
    good = [api.basket(happened_at="2026-11-20T11:00:00+01:00") for _ in range(3)]
    said = send(
        api,
        [
            {"sale": good[0], "key": "n-0"},
            b"{nonsense",
            {"sale": good[1] | {"total_minor": 1}},
            b"",
            {"sale": api.basket(store="S2")},
            {"return": give_back(api, good[0])},
            {"sale": good[2], "return": give_back(api, good[0])},
            {"sale": good[2]},
        ],
    )
    assert [(each["line"], each["status"]) for each in said] == [
        (1, 201), (2, 400), (3, 422), (5, 403), (6, 201), (7, 400), (8, 201),
    ]  # fmt: skip
    assert [each["body"].get("code") for each in said] == [
        None, "body_invalid", "total_differs", "other_store", None, "body_invalid", None,
    ]  # fmt: skip
    assert said[0]["body"]["points_earned"] == 23 and said[4]["body"]["refund_minor"] == 1150


@pytest.mark.slow
def test_a_night_may_be_sent_again_and_by_single_calls(api):
    night = [{"sale": api.basket(), "key": f"again-{n}"} for n in range(20)]
    night += [{"sale": api.basket()} for _ in range(20)]
    first, after = send(api, night), api.rows()
    again = send(api, night)
    assert [each["body"] for each in again] == [each["body"] for each in first]
    assert all(each["replayed"] for each in again)
    single = api.post("/v1/receipts", night[0]["sale"], key="again-0")
    one_call = api.post("/v1/checkout", night[20]["sale"], key=None)
    assert [each.headers["idempotent-replayed"] for each in (single, one_call)] == ["true"] * 2
    assert single.json() == first[0]["body"] and one_call.json() == first[20]["body"]
    assert api.rows() == after


def test_many_lines_of_one_member_are_all_posted(api):
    night = [{"sale": api.basket()} for _ in range(600)]
    before = api.rows()["checkout.receipt"]
    assert {each["status"] for each in send(api, night)} == {201}
    assert api.rows()["checkout.receipt"] == before + 600


def test_what_is_too_much_is_said_where_it_begins(api):
    lines: list[Any] = [b"{}"] * (MAX_LINES + 1)
    said = send(api, lines)
    assert len(said) == MAX_LINES + 1 and said[-1]["body"]["code"] == "body_too_large"
    long = send(api, [{"sale": api.basket()}, b"x" * (MAX_LINE + 1)])
    assert [each["status"] for each in long] == [201, 413]


def test_short_lines_whose_answers_are_long_are_put_off(api):
    """Done before, each line is told again: 300 bytes ask for 100 kilobytes."""
    goods = [{"sku": f"SKU{n}", "quantity": 1, "unit_minor": 1} for n in range(2000)]
    sold = [api.basket(card=None, lines=goods, total_minor=2000) for _ in range(AT_ONCE + 1)]
    assert {each["status"] for each in send(api, [{"sale": each} for each in sold])} == {201}
    back = [{"key": f"back-{n}", "return": give_back(api, sale)} for n, sale in enumerate(sold)]
    first = send(api, back)
    assert {each["status"] for each in first} == {201}
    enough = MAX_TOLD // min(size(each["body"]) for each in first) + 1
    sent = enough + 2 * AT_ONCE
    fresh = {"sale": api.basket()}
    said = send(api, [*(back * 9)[:sent], fresh])
    status = [each["status"] for each in said]
    done = status.index(503)
    assert (set(status[:done]), set(status[done:])) == ({201}, {503})
    assert len(status) == sent + 1 and done <= enough + AT_ONCE
    assert sum(size(each["body"]) for each in said[:done]) >= MAX_TOLD, "no sooner than it must be"
    assert said[-1]["body"]["code"] == "busy" and len(json.dumps(said[-1])) < 300
    assert "replayed" not in send(api, [fresh])[0], "nothing was done for it"


def test_a_night_is_loaded_from_a_file_once(api, tmp_path):
    file = tmp_path / "night.ndjson"
    good = [{"sale": api.basket()} for _ in range(30)]
    lines = [json.dumps(each) for each in [*good, {"sale": api.basket(total_minor=1)}]]
    file.write_text("\n".join(lines), encoding="utf-8")
    before = api.rows()["checkout.receipt"]
    said = [load(api.dsn, file) for _ in range(2)]
    assert [each.returncode for each in said] == [1, 1]
    assert said[0].stdout == "30 posted (0 of them before), 1 refused\n"
    assert said[1].stdout == "30 posted (30 of them before), 1 refused\n"
    assert "line 31: 422 total_differs total_minor" in said[0].stderr
    assert api.rows()["checkout.receipt"] == before + 30


def load(dsn: str, file: Path) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own."""
    command = [str(Path(sys.executable).with_name("tessera")), "load", "night", str(file)]
    env = os.environ | {"TESSERA_DATABASE_URL": dsn}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_an_allowance_is_a_share_signed_and_checked_by_anybody(api):
    card = api.cards[0]
    before = api.post("/v1/identify", {"card": card}).json()["balance"]
    said = api.post("/v1/allowances", {"card": card, "store": "S1", "till": "7"})
    assert said.status_code == 201, said.text
    told = said.json()
    assert told["points"] == min(500, (before["available"] - before["debt"]) // 2)
    key = api.call("GET", "/v1/allowances/key", token=api.till).json()
    assert key["algorithm"] == "Ed25519"
    terms, signature = (base64.urlsafe_b64decode(p + "==") for p in told["token"].split("."))
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["public_key"] + "="))
    public.verify(signature, terms)
    with pytest.raises(InvalidSignature):
        public.verify(signature, terms.replace(b"S1", b"S2"))
    said = json.loads(terms)
    assert (said["card"], said["points"], said["till"]) == (card, told["points"], "7")
    assert "account" not in terms.decode() and "name" not in terms.decode()


def test_one_till_that_asks_many_times_at_once_is_answered_each_time(api):
    card = api.cards[20]  # it has no account in the ledger yet
    who = {"identifiers": [{"kind": "card", "value": card}]}
    assert api.call("POST", "/v1/members", who).status_code == 201
    body = {"card": card, "store": "S1", "till": "9"}
    for _ in range(4):
        with ThreadPoolExecutor(8) as many:
            said = list(many.map(lambda _: api.post("/v1/allowances", body), range(8)))
        assert {each.status_code for each in said} == {201}
    rows = api.eye.execute(
        "SELECT count(*), count(*) FILTER (WHERE closed_at IS NULL) FROM checkout.allowance"
        " WHERE till = '9'"
    )
    assert rows.fetchone() == (32, 1)


def test_tills_that_ask_at_once_are_no_more_than_the_program_says(api):
    card = api.cards[21]
    who = {"identifiers": [{"kind": "card", "value": card}]}
    assert api.call("POST", "/v1/members", who).status_code == 201
    assert api.post("/v1/receipts", api.basket(card=card)).status_code == 201

    def ask(till: int) -> Any:
        return api.post("/v1/allowances", {"card": card, "store": "S1", "till": f"fake{till}"})

    with ThreadPoolExecutor(8) as many:
        said = list(many.map(ask, range(12)))
    assert sorted(each.status_code for each in said) == [201] * 3 + [409] * 9
    problem = shops.refused(api, lambda: ask(99))
    assert (problem["code"], problem["field"]) == ("tills_full", "till")
    assert problem["why"] == "3 other tills have an allowance for this member"


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"store": "S2"}, "other_store"),
        ({"card": None}, "member_not_named"),
        ({"card": "nobody"}, "card_unknown"),
    ],
)
def test_an_allowance_is_refused_well(api, other, code):
    body = {"card": api.cards[0], "store": "S1", "till": "1"} | other
    problem = shops.refused(api, lambda: api.post("/v1/allowances", body))
    assert problem["code"] == code


def test_who_may_not_spend_and_where_it_is_not_offered_get_no_allowance(api, server, template):
    stranger = api.cards[5]
    assert api.post("/v1/receipts", api.basket(card=stranger)).status_code == 201
    body = {"card": stranger, "store": "S1", "till": "1"}
    assert shops.refused(api, lambda: api.post("/v1/allowances", body))["code"] == "not_registered"
    with shops.fresh(server, template) as plain:
        told = shops.refused(plain, lambda: plain.post("/v1/allowances", body))
        assert told["code"] == "offline_not_offered"
