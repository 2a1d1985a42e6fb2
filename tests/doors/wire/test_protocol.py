"""The short way through HTTP, over real sockets: the same as uvicorn's own, only shorter."""

from __future__ import annotations

import time
from typing import Any

import pytest

from doors.wire.wire_line import LARGE, Line, asked
from tessera.doors import protocol
from tessera.doors.problems import MAX_WORD

# The same as uvicorn's own -----------------------------------------------------------------------

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("no token", {"Authorization": ""}),
    ("another token", {"Authorization": "Bearer tsr_t" + "0" * 33}),
    ("another scheme", {"Authorization": "Basic abc"}),
    ("a scheme in capitals", {"Authorization": "BEARER {till}"}),
    ("another store's till", {"Authorization": "Bearer {other}"}),
    ("no key", {"key": None}),
    ("an empty key", {"key": None, "Idempotency_Key": " "}),
    ("a long key", {"key": "k" * (MAX_WORD + 1)}),
    ("a key not of ASCII", {"key": "\xe9"}),
    ("a form", {"Content_Type": "application/x-www-form-urlencoded"}),
    ("no type", {"Content_Type": ""}),
    ("a charset", {"Content_Type": 'application/json; charset="UTF-8"'}),
    ("another charset", {"Content_Type": "application/json; charset=latin-1"}),
    ("compressed", {"Content_Encoding": "gzip"}),
    ("not JSON", {"body": b"{"}),
    ("not UTF-8", {"body": b'{"store": "\xff"}'}),
    ("nothing", {"body": b""}),
    ("a list", {"body": b"[]"}),
    ("an unknown field", {"body": b'{"surprise": 1}'}),
    ("another currency", {}),
    ("another total", {"basket": {"total_minor": 1}}),
    ("an unknown store", {"basket": {"store": "S9"}, "Authorization": "Bearer {admin}"}),
    ("a stranger", {"basket": {"card": None, "identifier": {"kind": "external", "value": "x"}}}),
    ("a query", {"first": "POST /v1/receipts?a=1 HTTP/1.1"}),
    ("a whole address", {"first": "POST http://t/v1/receipts HTTP/1.1"}),
    ("a spelt address", {"first": "POST /v1/%72eceipts HTTP/1.1"}),
    ("another method", {"first": "PUT /v1/receipts HTTP/1.1"}),
    ("no method of HTTP", {"first": "BREW /v1/receipts HTTP/1.1"}),
    ("an unknown address", {"first": "POST /v1/receipt HTTP/1.1"}),
    ("no address", {"first": "POST receipts HTTP/1.1"}),
    ("HTTP/1.0", {"first": "POST /v1/receipts HTTP/1.0"}),
    ("closing", {"Connection": "close"}),
    ("an upgrade", {"Connection": "upgrade", "Upgrade": "h2c"}),
    ("the other one", {"first": "POST /v1/returns HTTP/1.1"}),
    ("too long, it says", {"Content_Length": str(LARGE + 1), "body": b"{}"}),
    ("very long, it says", {"Content_Length": "9" * 12, "body": b"{}"}),
    ("no length", {"Content_Length": "x", "body": b"{}"}),
]


@pytest.mark.parametrize("how", [how for _, how in CALLS], ids=[name for name, _ in CALLS])
def test_a_refusal_is_the_same_on_both_ways(api, site, plain, how):
    how = dict(how)
    body = how.pop("body", api.basket(**how.pop("basket", {"currency": "USD"})))
    named = {"till": api.till, "other": api.other, "admin": api.admin}
    said = {name: value and value.format(**named) for name, value in how.items()}
    raw = asked(api.till, body, **({"key": "the same"} | said))
    heard = []
    for port in (site.port, plain.port):
        with Line(port) as line:
            line.send(asked(api.till, b"")).hear()
            heard.append(line.send(raw).hear())
    assert heard[0].steady == heard[1].steady
    assert heard[0].status >= 400


def test_an_answer_is_the_same_on_both_ways(api, line, plain, shorts):
    raw = asked(api.till, api.basket())
    live, replay = line.send(raw).hear(), line.send(raw).hear()
    assert len(shorts) == 2
    with Line(plain.port) as other:
        told = other.send(raw).hear()
        assert (live.status, live.body) == (told.status, told.body) == (201, replay.body)
        assert replay.steady == told.steady
        assert told.head[-1] == "idempotent-replayed: true"
        assert told.steady[1][:-1] == live.steady[1]
        # And the other way round.
        raw = asked(api.till, api.basket())
        live, told = other.send(raw).hear(), line.send(raw).hear()
        assert (live.status, live.body) == (told.status, told.body)
        assert told.steady[1] == [*live.steady[1], "idempotent-replayed: true"]


@pytest.mark.parametrize("rate", [1, 3])
def test_a_key_that_calls_too_often_is_told_so_on_both_ways(api, site, plain, rate):
    heard = []
    for port in (site.port, plain.port):
        _, token = api.issue("till", "S1", rate_per_s=rate)
        with Line(port) as line:
            raw = asked(token, b"{")
            heard.append([line.send(raw).hear() for _ in range(rate + 1)])
    assert [each.steady for each in heard[0]] == [each.steady for each in heard[1]]
    assert [each.status for each in heard[0]] == [400] * rate + [429]
    assert "retry-after: 1" in heard[0][-1].head


# Which way ---------------------------------------------------------------------------------------


def test_an_ordinary_writing_call_goes_the_short_way(api, line, shorts):
    sale = line.send(asked(api.till, api.basket())).hear()
    assert sale.status == 201
    once = asked(api.till, api.basket(), first="POST /v1/checkout HTTP/1.1", key=None)
    assert line.send(once).hear().status == 201
    line.send(asked(api.till, b"{}", first="POST /v1/returns HTTP/1.1")).hear()
    assert [short.asked.route.operation.name for short in shorts] == [
        "receipt.confirm", "receipt.checkout", "receipt.return",
    ]  # fmt: skip


def test_what_is_not_ordinary_goes_uvicorns_way(api, site, line, shorts):
    stranger = asked("tsr_t" + "0" * 33, api.basket())
    quote = asked(api.till, {"basket": api.basket()}, first="POST /v1/quotes HTTP/1.1")
    statuses = [line.send(raw).hear().status for raw in (stranger, quote)]
    assert (statuses, shorts) == ([401, 200], [])
    line.send(asked(api.till, api.basket(), Expect="100-continue"))
    assert [line.hear().status, line.hear().status] == [100, 201]
    assert shorts == []


def test_only_calls_that_wait_for_nothing_but_the_writer_are_short(site):
    short = site.server.lifespan.state[protocol.API].short
    paths = {path for _, path in short}
    assert {b"/v1/receipts", b"/v1/checkout", b"/v1/returns"} <= paths
    assert b"/v1/quotes" not in paths  # a dry one reads
    assert all(route.operation.kind == "writer" for route in short.values())


def test_a_key_in_use_is_looked_up_beside_its_calls(api, line, shorts, monkeypatch):
    _, token = api.issue("till", "S1")
    monkeypatch.setattr("tessera.doors.gate.REMEMBER_S", 0.5)
    assert line.send(asked(token, b"{")).hear().status == 400  # looked up for this call
    assert shorts == []
    for count in range(1, 16):  # three times as long as it is remembered
        assert line.send(asked(token, b"{")).hear().status == 400
        assert len(shorts) == count
        time.sleep(0.1)


def test_a_key_in_use_that_was_revoked_elsewhere_is_soon_refused(api, line, monkeypatch):
    key_id, token = api.issue("till", "S1")
    monkeypatch.setattr("tessera.doors.gate.REMEMBER_S", 0.5)
    line.send(asked(token, b"{")).hear()
    assert api.call("POST", f"/v1/keys/{key_id}/revoke").status_code == 200
    end, status = time.monotonic() + 0.7, 400
    while status == 400 and time.monotonic() < end:
        status = line.send(asked(token, b"{")).hear().status
    assert status == 401
