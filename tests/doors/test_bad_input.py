"""Input that must be refused well: a 4xx problem that names the field, and no trace."""

from __future__ import annotations

import gzip
import json
from functools import partial
from typing import Any

import pytest

from support import api as shops
from support.api import RTL, refused


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        assert shop.post("/v1/receipts", shop.basket()).status_code == 201
        yield shop


def lines(count: int = 1, **other: Any) -> list[dict[str, Any]]:
    """Lines that make 11.50 if there is one."""
    return [{"sku": "A", "quantity": 1, "unit_minor": 1150} | other] * count


def without(*names: str, of: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in of.items() if name not in names}


# A receipt's fields ------------------------------------------------------------------------------

FIELDS = [
    ({"surprise": 1}, "surprise"),
    ({"lines": lines(surprise=1)}, "lines[0].surprise"),
    ({"lines": [{"sku": "A"}]}, "lines[0].quantity"),
    ({"lines": []}, "lines"),
    ({"lines": lines(2001)}, "lines"),
    ({"lines": "A"}, "lines"),
    ({"total_minor": float("nan")}, "total_minor"),
    ({"total_minor": float("inf")}, "total_minor"),
    ({"total_minor": float("-inf")}, "total_minor"),
    ({"lines": lines(quantity=float("nan"))}, "lines[0].quantity"),
    ({"lines": [*lines(), *lines(name="\ud800"), *lines()]}, "lines[1].name"),
    ({"total_minor": True}, "total_minor"),
    ({"lines": lines(quantity=True)}, "lines[0].quantity"),
    ({"total_minor": 1150.0}, "total_minor"),
    ({"total_minor": 11.5}, "total_minor"),
    ({"lines": lines(quantity=1.0)}, "lines[0].quantity"),
    ({"total_minor": "1150"}, "total_minor"),
    ({"total_minor": None}, "total_minor"),
    ({"total_minor": 2**63}, "total_minor"),
    ({"total_minor": 2**64}, "total_minor"),
    ({"total_minor": 10**100}, "total_minor"),
    ({"total_minor": -1}, "total_minor"),
    ({"lines": lines(unit_minor=2**63)}, "lines[0].unit_minor"),
    ({"lines": lines(quantity=2**63)}, "lines[0].quantity"),
    ({"lines": lines(quantity=-1)}, "lines[0].quantity"),
    ({"lines": lines(quantity=0)}, "lines[0].quantity"),
    ({"lines": lines(total_minor=-1)}, "lines[0].total_minor"),
    ({"lines": lines(unit="pound")}, "lines[0].unit"),
    ({"lines": lines(kind="nothing")}, "lines[0].kind"),
    ({"spend": {"points": 0}}, "spend.points"),
    ({"spend": {"points": -5}}, "spend.points"),
    ({"spend": {"points": 10**12 + 1}}, "spend.points"),
    ({"spend": {"points": 2**63}}, "spend.points"),
    ({"spend": {}}, "spend.points"),
    ({"till": ""}, "till"),
    ({"till": "x" * 33}, "till"),
    ({"till": "a\0b"}, "till"),
    ({"till": "a\nb"}, "till"),
    ({"till": "x" * 1_000_000}, "till"),
    ({"lines": lines(name="x" * 1_000_000)}, "lines[0].name"),
    ({"lines": lines(name="a\0b")}, "lines[0].name"),
    ({"lines": lines(name=f"a{RTL}b")}, "lines[0].name"),
    ({"lines": lines(sku=f"a{RTL}b")}, "lines[0].sku"),
    ({"till": "\ud800"}, "till"),
    ({"lines": lines(name="\udfff")}, "lines[0].name"),
    ({"card": ""}, "card"),
    ({"card": "2900 0000"}, "card"),
    ({"card": f"29{RTL}"}, "card"),
    ({"card": "x" * 65}, "card"),
    ({"card": ["2900000000018"]}, "card"),
    ({"card": None, "identifier": {"kind": "passport", "value": "1"}}, "identifier.kind"),
    ({"currency": "eur"}, "currency"),
    ({"currency": "EURO"}, "currency"),
    ({"currency": ["EUR", "USD"]}, "currency"),
    ({"happened_at": "2026-03-14T10:15:00"}, "happened_at"),
    ({"happened_at": "2026-02-30T10:15:00Z"}, "happened_at"),
    ({"happened_at": "0000-01-01T00:00:00Z"}, "happened_at"),
    ({"happened_at": "10000-01-01T00:00:00Z"}, "happened_at"),
    ({"happened_at": "2026-03-14T10:15:00+99:00"}, "happened_at"),
    ({"happened_at": "yesterday"}, "happened_at"),
    ({"happened_at": 1774000000}, "happened_at"),
    ({"business_date": "2026-02-30"}, "business_date"),
    ({"business_date": "0000-01-01"}, "business_date"),
    ({"entry_mode": "telepathy"}, "entry_mode"),
    ({"card_scan_offset": -1}, "card_scan_offset"),
    ({"card_scan_offset": 2001}, "card_scan_offset"),
    ({"quote": "x"}, "quote"),
]


@pytest.mark.parametrize(("other", "field"), FIELDS)
@pytest.mark.parametrize("path", ["/v1/receipts", "/v1/checkout", "/v1/quotes"])
def test_a_field_that_cannot_be_read(api, path, other, field):
    body = json.dumps(api.basket(**other)).encode()
    if path == "/v1/quotes":
        body = b'{"basket":%s}' % body
    problem = refused(api, lambda: api.post(path, body))
    assert problem["code"] == "body_invalid"
    assert problem["field"].removeprefix("basket.") == field


def test_what_may_stand_there_is_said_in_words(api):
    unit = api.post("/v1/quotes", {"basket": api.basket(lines=lines(unit="kg"))}).json()
    assert (unit["field"], unit["cure"]) == ("basket.lines[0].unit", "send one of g, ml, piece")
    mode = api.post("/v1/receipts", api.basket(entry_mode="telepathy")).json()
    assert mode["cure"].startswith("send one of ") and "scan" in mode["cure"]
    text = api.post("/v1/receipts", api.basket(till="a\nb")).json()
    assert text["why"] == "it holds control characters, or marks that turn the direction of writing"
    assert text["cure"] == "send it without them"


def test_a_checkout_that_reuses_a_number_is_told_of_the_number(api):
    basket = api.basket(number="once", card=None)
    assert api.post("/v1/checkout", basket, key=None).status_code == 201
    other = basket | {"lines": lines(name="other")}
    said = refused(api, lambda: api.post("/v1/checkout", other, key=None))
    assert (said["code"], said["field"]) == ("key_reused", "lines")
    assert said["why"].startswith(f"number once of till {basket['till']} was used at ")
    assert said["cure"] == (
        "send that receipt as it was to get its answer, or this one under its own number"
    )


@pytest.mark.parametrize("name", ["store", "till", "number", "happened_at", "currency", "lines"])
def test_a_field_that_is_missing(api, name):
    problem = refused(api, lambda: api.post("/v1/receipts", without(name, of=api.basket())))
    assert (problem["code"], problem["field"]) == ("body_invalid", name)


# What can be read but does not add up ------------------------------------------------------------

MOST = 10**12
PHONE = "phone_invalid", "identifier.value"
SENSE = [
    ({"total_minor": 1149}, "total_differs", "total_minor"),
    ({"lines": lines(total_minor=1149)}, "line_total_differs", "lines[0].total_minor"),
    ({"currency": "USD"}, "currency_other", "currency"),
    ({"identifier": {"kind": "card", "value": "1"}}, "member_named_twice", "identifier"),
    ({"happened_at": "9999-12-31T23:59:59-12:00"}, "time_impossible", "happened_at"),
    ({"happened_at": "9999-12-31T23:59:59Z"}, "time_impossible", "happened_at"),
    ({"happened_at": "0001-01-01T00:00:00+12:00"}, "time_impossible", "happened_at"),
    ({"happened_at": "1969-12-31T23:59:59Z"}, "time_impossible", "happened_at"),
    ({"happened_at": "2999-01-01T00:00:00Z"}, "time_impossible", "happened_at"),
    ({"business_date": "0001-01-01"}, "date_impossible", "business_date"),
    ({"business_date": "9999-12-31"}, "date_impossible", "business_date"),
    ({"lines": lines(quantity=10**9, unit_minor=MOST)}, "amount_too_large", "lines[0]"),
    ({"lines": lines(quantity=10**9, unit_minor=MOST, unit="g")}, "amount_too_large", "lines[0]"),
    ({"lines": lines(2000, quantity=10**9, unit_minor=MOST), "total_minor": MOST},
     "amount_too_large", "lines[0]"),
    ({"lines": lines(2000, unit_minor=MOST), "total_minor": MOST}, "amount_too_large", "lines[1]"),
    ({"lines": [*lines(), *lines(quantity=2, unit_minor=MOST)], "total_minor": MOST},
     "amount_too_large", "lines[1]"),
    ({"spend": {"points": MOST}}, "points_short", "spend.points"),
    ({"card": None, "spend": {"points": 1}}, "no_card", "spend"),
    ({"card": None, "identifier": {"kind": "phone", "value": "+7(800)"}}, *PHONE),
    ({"card": None, "identifier": {"kind": "phone", "value": "89161234567"}}, *PHONE),
    ({"card": None, "identifier": {"kind": "phone", "value": "+0916123456"}}, *PHONE),
    ({"card": None, "identifier": {"kind": "phone", "value": "+7916123456789012"}}, *PHONE),
    ({"card": None, "identifier": {"kind": "phone", "value": "9161234567"}}, *PHONE),
]  # fmt: skip


@pytest.mark.parametrize(("other", "code", "field"), SENSE)
@pytest.mark.parametrize("how", ["confirm", "dry", "hold"])
def test_a_receipt_that_does_not_add_up(api, how, other, code, field):
    body, path = api.basket(**other), "/v1/receipts"
    if how != "confirm":
        body, path, field = {"basket": body, "hold": how == "hold"}, "/v1/quotes", f"basket.{field}"
    problem = refused(api, lambda: api.post(path, body))
    assert (problem["code"], problem["field"]) == (code, field)


def test_a_refused_receipt_makes_no_shadow_of_its_card(api):
    body = api.basket(card=api.cards[-1], total_minor=1)
    assert refused(api, lambda: api.post("/v1/receipts", body))["code"] == "total_differs"


def test_an_amount_that_is_as_large_as_can_be(api):
    whole = api.basket(lines=lines(unit_minor=MOST), total_minor=MOST, card=api.cards[7])
    assert api.post("/v1/receipts", whole).status_code == 201
    many = api.basket(lines=lines(2000, unit_minor=MOST // 2000), total_minor=MOST)
    assert api.post("/v1/receipts", many | {"card": api.cards[8]}).status_code == 201


def test_more_points_than_an_account_can_hold(server, template):
    rule = {"mechanic": "base_rate", "points": 10**6, "per_minor": 1}
    rules = [{"id": str(i), **rule} for i in range(10)]
    program = {"name": "x", "currency": "EUR", "rules": rules}
    with shops.fresh(server, template) as api:
        assert api.call("POST", "/v1/program", program).status_code == 201
        body = api.basket(lines=lines(unit_minor=MOST), total_minor=MOST)
        refused(api, lambda: api.post("/v1/receipts", body))


def test_a_return_above_its_sale(api):
    sale = api.basket(business_date="2026-11-20", happened_at="2026-11-20T10:00:00+01:00")
    assert api.post("/v1/receipts", sale).status_code == 201
    identity = {name: sale[name] for name in ("store", "till", "number", "business_date")}
    back: dict[str, Any] = {
        "sale": identity | {"shift": ""}, "store": "S1", "till": "1", "number": "r1",
        "happened_at": "2026-11-20T11:00:00+01:00",
    }  # fmt: skip
    for asked, code, field in (
        ([{"line": 1, "quantity": 4}], "return_above_sale", "lines[0].quantity"),
        ([{"line": 1, "quantity": 2}] * 2, "return_above_sale", "lines[1].quantity"),
        ([{"line": 3, "quantity": 1}], "line_unknown", "lines[0].line"),
        ([{"line": 0, "quantity": 1}], "body_invalid", "lines[0].line"),
        ([{"line": 1, "quantity": -1}], "body_invalid", "lines[0].quantity"),
        ([{"line": 1, "quantity": 10**9}], "return_above_sale", "lines[0].quantity"),
    ):
        body = back | {"lines": asked}
        problem = refused(api, partial(api.post, "/v1/returns", body))
        assert (problem["code"], problem["field"]) == (code, field)
    for at in ("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"):
        body = back | {"happened_at": at}
        problem = refused(api, partial(api.post, "/v1/returns", body))
        assert (problem["code"], problem["field"]) == ("time_impossible", "happened_at")
    assert api.post("/v1/returns", back).status_code == 201


# Bytes that are no JSON of ours ------------------------------------------------------------------


def deep(count: int, before: bytes = b"") -> bytes:
    return before + b"[" * count + b"]" * count + (b"}" if before else b"")


BYTES = [
    (b"", "body_missing", ""),
    (b"null", "body_invalid", ""),
    (b"[]", "body_invalid", ""),
    (b"hello", "body_invalid", ""),
    (b'{"store":"S1"', "body_invalid", ""),
    (b'{"store":"S1"} x', "body_invalid", "till"),
    (b"\xef\xbb\xbf{}", "body_invalid", ""),
    ('{"store":"S1"}'.encode("utf-16"), "body_invalid", ""),
    (b'{"store":"S\xff1"}', "body_invalid", "store"),
    (b'{"store":"S1","till":"\xed\xa0\x80"}', "body_invalid", "till"),
    (b'{"store":"S1","total_minor":1e999}', "body_invalid", "total_minor"),
    (b'{"store":"S1","total_minor":-1e999}', "body_invalid", "total_minor"),
    (b'{"store":"S1","total_minor":0x10}', "body_invalid", "total_minor"),
    (b'{"store":"S1","total_minor":01}', "body_invalid", "total_minor"),
    (b'{"total_minor":' + b"9" * 100_000 + b"}", "body_invalid", "total_minor"),
    (deep(10_000), "body_invalid", ""),
    (deep(10_000, b'{"store":'), "body_invalid", "store"),
    (deep(10_000, b'{"surprise":'), "body_invalid", "surprise"),
    (b'{"lines":[' + b",".join([b"{}"] * 100_000) + b"]}", "body_invalid", "lines[0].sku"),
    (b'{"lines":[' + b",".join([b'{"sku":"A"}'] * 100_000) + b"]}", "body_too_large", ""),
    (b'{"till":"' + b"x" * 2**20 + b'"}', "body_too_large", ""),
    (b'{"' + b"x" * 1_000_000 + b'":1}', "body_invalid", "x" * 128),
    (b'{"till":"' + b'\\"' * 500_000, "body_invalid", ""),
    (b'{"till":"' + b'\\"' * 300_000 + b'\xff"}', "body_invalid", "till"),
]


@pytest.mark.parametrize(("raw", "code", "field"), BYTES)
def test_bytes_that_are_no_receipt(api, raw, code, field):
    problem = refused(api, lambda: api.post("/v1/receipts", raw))
    assert (problem["code"], problem["field"]) == (code, field)


PROGRAMS = [
    (deep(10_000, b'{"name":'), "body_invalid", "name"),
    (deep(40, b'{"rules":'), "body_invalid", "rules"),
    (b'{"a":' * 40 + b"1" + b"}" * 40, "body_invalid", "a"),
    (b'{"name":1e999,"currency":"EUR","rules":[]}', "body_invalid", "name"),
    (b'{"name":' + b"9" * 5000 + b',"currency":"EUR","rules":[]}', "body_invalid", "name"),
    (b'{"name":"\\ud800","currency":"EUR","rules":[]}', "body_invalid", "name"),
    (b'{"name":"a\\u0000","currency":"EUR","rules":[]}', "program_invalid", "name"),
    (b'{"name":"a","currency":"EUR","rules":[{"id":"x","mechanic":"none"}]}',
     "program_invalid", "rules[0].mechanic"),
    (b'{"name":"a","currency":"EUR","rules":[1]}', "program_invalid", "rules[0]"),
    (b'{"name":"a","currency":"USD","rules":[]}', "program_invalid", "currency"),
    (b'{"name":"a","currency":"EUR","rules":[],"hold_minutes":true}',
     "program_invalid", "hold_minutes"),
    (b"[]", "body_invalid", ""),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "code", "field"), PROGRAMS)
def test_bytes_that_are_no_program(api, raw, code, field):
    problem = refused(api, lambda: api.call("POST", "/v1/program", raw))
    assert (problem["code"], problem["field"]) == (code, field)


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonp",
        "multipart/form-data; boundary=x", "application/json; charset=utf-16",
    ],
)  # fmt: skip
def test_a_body_that_says_it_is_something_else(api, kind):
    sent = {"Content-Type": kind}
    body = json.dumps(api.basket()).encode()
    problem = refused(api, lambda: api.post("/v1/receipts", body, headers=sent))
    assert (problem["code"], problem["field"]) == ("media_type_other", "Content-Type")


@pytest.mark.parametrize("kind", ["", "application/json;charset=UTF-8", "Application/JSON"])
def test_a_body_that_says_it_is_json(api, kind):
    body = json.dumps(api.basket()).encode()
    assert api.post("/v1/receipts", body, headers={"Content-Type": kind}).status_code == 201


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate"])
def test_a_bomb_is_not_opened(api, coding):
    bomb = gzip.compress(b" " * 10**8 if coding == "gzip" else b"0", 1)[:1_000_000]
    sent = {"Content-Encoding": coding}
    problem = refused(api, lambda: api.post("/v1/receipts", bomb, headers=sent))
    assert (problem["code"], problem["field"]) == ("media_type_other", "Content-Encoding")


def test_of_a_key_sent_twice_the_last_one_counts(api):
    """Documented in the reference; the fingerprint is of what was understood, so no gap opens."""
    body = json.dumps(api.basket()).encode()
    said = api.post("/v1/receipts", b'{"currency":"USD",' + body[1:], key="twice")
    assert said.status_code == 201
    again = api.post("/v1/receipts", body, key="twice")
    assert again.content == said.content and again.headers["idempotent-replayed"] == "true"
    body = json.dumps(api.basket()).encode()[:-1] + b',"currency":"USD"}'
    problem = refused(api, lambda: api.post("/v1/receipts", body))
    assert problem["field"] == "currency"
    assert "twice" in api.client.get("/openapi.json").json()["info"]["description"]
