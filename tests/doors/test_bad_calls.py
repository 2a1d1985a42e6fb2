"""Members, stores, keys, addresses and headers that must be refused as well as bad receipts are."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from support import api as shops
from support.api import RTL, refused


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        yield shop


# People, stores, keys ----------------------------------------------------------------------------


def member(**other: Any) -> dict[str, Any]:
    return {"identifiers": [{"kind": "external", "value": "crm-1"}], **other}


def named(kind: str, value: str) -> dict[str, Any]:
    return {"identifiers": [{"kind": "external", "value": "crm-1"}, {"kind": kind, "value": value}]}


PEOPLE = [
    (named("phone", "8 800 555 35 35"), "phone_invalid", "identifiers[1].value"),
    (named("phone", "+7"), "phone_invalid", "identifiers[1].value"),
    (named("phone", "+7 \u0669\u0661\u0666 1234567"), "phone_invalid", "identifiers[1].value"),
    (named("email", "anna@ex\u0430mple.org"), "email_invalid", "identifiers[1].value"),
    (named("email", "anna@"), "email_invalid", "identifiers[1].value"),
    (named("email", "a\r\nBcc: b@example.org"), "body_invalid", "identifiers[1].value"),
    (named("email", f"anna{RTL}@example.org"), "body_invalid", "identifiers[1].value"),
    (named("external", "a\0"), "body_invalid", "identifiers[1].value"),
    (named("external", "x" * 129), "body_invalid", "identifiers[1].value"),
    ({"identifiers": []}, "body_invalid", "identifiers"),
    (member(given_name="{{7*7}}"), "body_invalid", "given_name"),
    (member(given_name="{% for x in y %}"), "body_invalid", "given_name"),
    (member(family_name="<script>"), "body_invalid", "family_name"),
    (member(given_name=f"{RTL}anna"), "body_invalid", "given_name"),
    (member(given_name="anna\r\nBcc: x"), "body_invalid", "given_name"),
    (member(given_name="x" * 101), "body_invalid", "given_name"),
    (member(born_on="0001-01-01"), "born_on_impossible", "born_on"),
    (member(born_on="9999-12-31"), "born_on_impossible", "born_on"),
    (member(born_on="2026-02-30"), "body_invalid", "born_on"),
    (member(language="xx"), "body_invalid", "language"),
]


@pytest.mark.parametrize(("body", "code", "field"), PEOPLE)
def test_a_member_that_is_nobody(api, body, code, field):
    problem = refused(api, lambda: api.post("/v1/members", body))
    assert (problem["code"], problem["field"]) == (code, field)


ZONES = ["Mars/Base", "europe/rome", "../../etc/passwd", "/etc/passwd", "UTC\0", "Europe", "é"]


@pytest.mark.parametrize("zone", ZONES)
def test_a_time_zone_that_is_none(api, zone):
    body = {"name": "x", "time_zone": zone}
    problem = refused(api, lambda: api.call("PUT", "/v1/stores/S9", body))
    assert (problem["code"], problem["field"]) == ("time_zone_unknown", "time_zone")


KEYS = [
    ({"role": "member"}, "role_unknown", "role"),
    ({"role": 7}, "body_invalid", "role"),
    ({"rate_per_s": 0}, "body_invalid", "rate_per_s"),
    ({"rate_per_s": 2**63}, "body_invalid", "rate_per_s"),
    ({"expires_at": "2030-01-01T00:00:00"}, "body_invalid", "expires_at"),
    ({"expires_at": "0001-01-01T00:00:00+12:00"}, "expiry_impossible", "expires_at"),
    ({"expires_at": "9999-12-31T23:59:59-12:00"}, "expiry_impossible", "expires_at"),
    ({"role": "till"}, "store_missing", "store"),
    ({"role": "till", "store": "S9"}, "store_unknown", "store"),
    ({"store": "S1"}, "store_needless", "store"),
    ({"name": f"a{RTL}"}, "body_invalid", "name"),
]


@pytest.mark.parametrize(("other", "code", "field"), KEYS)
def test_a_key_that_cannot_be(api, other, code, field):
    body = {"name": "x", "role": "owner"} | other
    problem = refused(api, lambda: api.call("POST", "/v1/keys", body))
    assert (problem["code"], problem["field"]) == (code, field)


# Addresses and headers ---------------------------------------------------------------------------

LONG = "a" * 20_000
ADDRESSES = [
    ("GET", "/v1/receipts/x", "receipt_unknown", "receipt_id"),
    ("GET", "/v1/receipts/01900000-0000-7000-8000-000000000000", "receipt_unknown", "receipt_id"),
    ("GET", "/v1/accounts/x/receipts", "account_unknown", "account_id"),
    ("GET", "/v1/members/" + "0" * 36, "member_unknown", "member_id"),
    ("GET", "/v1/members/%00", "path_invalid", "member_id"),
    ("GET", "/v1/members/%ff", "path_invalid", "member_id"),
    ("GET", "/v1/members/%ed%a0%80", "path_invalid", "member_id"),
    ("GET", "/v1/members/%E2%80%AE", "path_invalid", "member_id"),
    ("GET", f"/v1/members/{LONG}", "path_invalid", "member_id"),
    ("GET", f"/v1/{LONG}", "not_found", ""),
    ("GET", "/v1/" + "a/" * 5_000, "not_found", ""),
    ("POST", "/v1/cards/%00/unblock", "path_invalid", "number"),
    ("POST", "/v1/cards//unblock", "path_invalid", "number"),
    ("POST", f"/v1/cards/{LONG}/unblock", "path_invalid", "number"),
    ("POST", "/v1/cards/x/unblock", "card_unknown", "number"),
    ("POST", "/v1/quotes/x/cancel", "quote_unknown", "quote_id"),
    ("POST", "/v1/keys/x/revoke", "key_unknown", "key_id"),
    ("GET", "/v1/card-batches/x/numbers", "batch_unknown", "batch_id"),
    ("GET", "/v1/members?limit=%00", "query_invalid", "limit"),
    ("GET", "/v1/members?limit=%ff", "limit_invalid", "limit"),
    ("GET", "/v1/members?limit=0", "limit_invalid", "limit"),
    ("GET", "/v1/members?limit=1e999", "limit_invalid", "limit"),
    ("GET", "/v1/members?limit=1&limit=2", "query_invalid", "limit"),
    ("GET", "/v1/members?surprise=1", "query_invalid", "surprise"),
    ("GET", "/v1/members?" + "limit=1&" * 1_000, "query_invalid", ""),
    ("GET", f"/v1/members?cursor={LONG}", "cursor_unknown", "cursor"),
    ("GET", "/v1/members?cursor=W251bGxd", "cursor_unknown", "cursor"),
]


@pytest.mark.parametrize(("method", "path", "code", "field"), ADDRESSES)
def test_an_address_that_names_nothing(api, method, path, code, field):
    problem = refused(api, lambda: api.call(method, path))
    assert (problem["code"], problem["field"]) == (code, field)


@pytest.mark.parametrize("key", ["", "x" * 129, "a\tb", "\xe9", "x" * 60_000])
def test_a_key_of_the_call_that_is_none(api, key):
    sent = {"Idempotency-Key": key.encode("latin-1")}
    problem = refused(api, lambda: api.post("/v1/checkout", api.basket(), key=None, headers=sent))
    assert (problem["code"], problem["field"]) == ("body_invalid", "Idempotency-Key")


@pytest.mark.parametrize(
    "token", ["x", "tsr_", "x" * 60_000, "\xe9", "tsr_t" + "\xff" * 33, "\0", "tsr_t" + "0" * 33]
)
def test_a_token_that_is_none(api, token):
    sent = {"Authorization": f"Bearer {token}".encode("latin-1")}
    if token == "\0":
        sent = {"Authorization": b"Basic dGlsbDp0aWxs"}
    problem = refused(api, lambda: api.call("GET", "/v1/stores", token="", headers=sent))
    assert (problem["code"], problem["field"]) == ("not_signed_in", "Authorization")


RAW = [
    b"GET /v1/\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v1/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://[/v1 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GARBAGE\r\n\r\n",
    b"GET /v1/stores HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 1_000_000 + b"\r\n\r\n",
    b"GET /v1/stores HTTP/1.1\r\nHost: x\r\n" + b"A: a\r\n" * 50_000 + b"\r\n",
    b"POST /v1/receipts HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /v1/receipts HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /v1/receipts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
]


@pytest.mark.parametrize("raw", RAW)
def test_bytes_that_are_no_call(api, raw):
    """The server ends such a connection, if it does not answer 4xx; the next call works."""
    at = urlsplit(api.url)
    with socket.create_connection((at.hostname, at.port), timeout=5) as wire:
        wire.sendall(raw)
        wire.shutdown(socket.SHUT_WR)
        try:
            said = wire.recv(4096)
        except ConnectionError:
            said = b""
    assert said == b"" or said.startswith(b"HTTP/1.1 4"), said[:200]
    assert api.call("GET", "/v1/stores").status_code == 200
