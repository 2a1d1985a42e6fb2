"""The short way through HTTP: bodies in pieces, requests in one packet, ends of all kinds."""

from __future__ import annotations

import json
import re
import time

import pytest

from doors.wire.wire_line import LARGE, Line, asked, chunked, nothing_settles, serving
from support import api as shops


def receipts(api: shops.Api) -> int:
    return api.rows()["checkout.receipt"]


# Bodies ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 100, 10_000])
def test_a_body_in_chunks(api, line, shorts, size):
    raw = json.dumps(api.basket()).encode()
    assert line.send(chunked(api.till, raw, size)).hear().status == 201
    assert len(shorts) == 1


@pytest.mark.parametrize("cut", [10, 60, 300, -1])
def test_a_request_in_pieces(api, line, shorts, cut):
    raw = asked(api.till, api.basket())
    assert line.send(raw[:cut], raw[cut:]).hear().status == 201
    assert len(shorts) == 1


def test_a_body_of_the_largest_size_is_read_and_one_more_byte_is_not(api, line):
    raw = json.dumps(api.basket()).encode()
    most = raw + b" " * (LARGE - len(raw))
    assert line.send(asked(api.till, most)).hear().status == 201
    refused = line.send(asked(api.till, most + b" ")).hear()
    assert (refused.status, refused.said["code"]) == (413, "body_too_large")
    assert line.send(asked(api.till, api.basket())).hear().status == 201


def test_chunks_that_do_not_end_are_refused_when_they_are_too_many(api, line, plain):
    whole = chunked(api.till, b" " * (LARGE + 1), 60_000)
    heard = line.send(whole[:-7]).hear()  # the last chunk has no end
    with Line(plain.port) as other:
        assert other.send(whole[:-7]).hear().steady == heard.steady
    assert heard.said["code"] == "body_too_large"
    # What still comes of it is dropped, and then the next request is heard.
    rest = whole[-7:] + asked(api.till, api.basket())
    assert line.send(rest).hear().status == 201


def test_a_refused_head_does_not_wait_for_its_body(api, line):
    raw = asked(api.till, api.basket(), Content_Type="text/plain")
    head, _, body = raw.partition(b"\r\n\r\n")
    assert line.send(head + b"\r\n\r\n").hear().status == 415
    assert line.send(body + asked(api.till, api.basket())).hear().status == 201


def test_half_a_request_does_nothing_and_keeps_nobody(api, site, line):
    before = receipts(api)
    raw = asked(api.till, api.basket())
    line.send(raw[:-5])
    with Line(site.port) as other:
        assert other.send(asked(api.till, api.basket())).hear().status == 201
    assert not line.ended(0.2)
    assert receipts(api) == before + 1
    line.link.settimeout(10)
    assert line.send(raw[-5:]).hear().status == 201


def test_a_connection_that_ends_in_the_middle_of_a_request_does_nothing(api, line):
    before = receipts(api)
    # The JSON is whole, the request is not: more was announced.
    raw = json.dumps(api.basket()).encode()
    line.send(asked(api.till, raw, Content_Length=str(len(raw) + 1)))
    line.link.close()
    time.sleep(0.2)
    assert receipts(api) == before


# Order, and ends ---------------------------------------------------------------------------------


def test_requests_in_one_packet_are_answered_in_order(api, line):
    sent = [api.basket() for _ in range(12)]
    line.send(b"".join(asked(api.till, each) for each in sent))
    heard = [line.hear() for _ in sent]
    assert [each.said["number"] for each in heard] == [each["number"] for each in sent]


def test_a_quick_answer_waits_for_the_slow_one_before_it(api, site):
    quick = asked(api.till, b"", first="GET /v1/stores HTTP/1.1", key=None)
    slow = api.basket()
    with Line(site.port) as line:
        line.send(asked(api.till, b"")).hear()
        with nothing_settles(api.dsn):
            line.send(asked(api.till, slow) + quick + asked(api.till, b"{"))
            time.sleep(0.3)
        heard = [line.hear() for _ in range(3)]
    assert [each.status for each in heard] == [201, 200, 400]
    assert heard[0].said["number"] == slow["number"]


def test_what_is_behind_a_refusal_in_its_packet_is_answered_behind_it(api, line):
    line.send(asked(api.till, b"{") * 3 + asked(api.till, api.basket()))
    assert [line.hear().status for _ in range(4)] == [400, 400, 400, 201]


@pytest.mark.parametrize("last", ["HTTP/1.0", "HTTP/1.1"])
def test_a_last_request_closes_and_nothing_behind_it_is_done(api, line, last):
    before = receipts(api)
    close = {"Connection": "close"} if last == "HTTP/1.1" else {}
    raw = asked(api.till, api.basket(), first=f"POST /v1/receipts {last}", **close)
    heard = line.send(raw + asked(api.till, api.basket())).hear()
    assert (heard.status, heard.head[-1]) == (201, "connection: close")
    assert line.ended()
    assert receipts(api) == before + 1


def test_a_head_is_a_method_that_is_not_possible(api, line):
    raw = asked(api.till, b"", first="HEAD /v1/receipts HTTP/1.1", key=None)
    assert line.send(raw).hear(bodiless=True).status == 405
    assert line.send(asked(api.till, api.basket())).hear().status == 201


def test_no_http_is_refused_and_closed(line):
    assert line.send(b"BREW\r\n\r\n").hear().status == 400
    assert line.ended()


def test_who_hangs_up_before_the_answer_finds_it_later(api, site):
    raw = asked(api.till, api.basket())
    with nothing_settles(api.dsn), Line(site.port) as line:
        line.send(asked(api.till, b"")).hear()
        line.send(raw)
        time.sleep(0.2)
    time.sleep(0.3)
    with Line(site.port) as line:
        heard = line.send(raw).hear()
    assert heard.status == 201
    assert "idempotent-replayed: true" in heard.head


def test_a_request_in_flight_is_answered_when_the_server_stops(api):
    with serving(api.dsn) as site, Line(site.port) as line, Line(site.port) as idle:
        line.send(asked(api.till, b"")).hear()
        idle.send(asked(api.till, b"")).hear()
        with nothing_settles(api.dsn):
            line.send(asked(api.till, api.basket()))
            time.sleep(0.2)
            site.server.should_exit = True
            assert idle.ended()
        heard = line.hear()
        assert (heard.status, heard.head[-1]) == (201, "connection: close")
        assert line.ended()


def test_the_same_key_at_the_same_time_is_refused(api, site):
    raw = asked(api.till, api.basket())
    with Line(site.port) as line, Line(site.port) as other:
        line.send(asked(api.till, b"")).hear()
        with nothing_settles(api.dsn):
            line.send(raw)
            time.sleep(0.2)
            assert other.send(raw).hear().said["code"] == "key_in_flight"
        assert line.hear().status == 201


def test_a_connection_that_rests_is_closed_after_its_time_and_not_before(api):
    with serving(api.dsn, keep_alive_s=1) as site, Line(site.port) as line:
        line.send(asked(api.till, b"")).hear()
        for _ in range(3):  # each rest is shorter than a second, all together are longer
            time.sleep(0.6)
            assert line.send(asked(api.till, api.basket())).hear().status == 201
        began = time.monotonic()
        assert line.ended()
        assert 0.8 < time.monotonic() - began < 3


def test_nobody_is_closed_while_waiting_for_the_answer(api):
    with serving(api.dsn, keep_alive_s=1) as site, Line(site.port) as line:
        line.send(asked(api.till, b"")).hear()
        with nothing_settles(api.dsn):
            line.send(asked(api.till, api.basket()))
            time.sleep(1.5)
        assert line.hear().status == 201


def test_a_mistake_of_ours_is_told_and_the_connection_goes_on(api, line, monkeypatch):
    def bug(*_: object) -> None:
        raise ValueError("ours")

    with monkeypatch.context() as patch:
        patch.setattr("tessera.doors.api.key_fault", bug)
        heard = line.send(asked(api.till, api.basket())).hear()
    assert (heard.status, heard.said["code"]) == (500, "broken")
    assert not re.search(rb"ValueError|ours\b.*Trace", heard.body)
    assert line.send(asked(api.till, api.basket())).hear().status == 201
