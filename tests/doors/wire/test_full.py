"""What cannot be served in time is turned away on both ways, cheaply and in the same words."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from secrets import token_bytes
from typing import Any

import pytest

from doors.wire.wire_line import Line, asked, serving
from support.database import run
from tessera.access import core as access
from tessera.access.core import STRANGER_RATE
from tessera.base.refusal import Refusal
from tessera.doors import protocol
from tessera.doors.gate import GRACE_S, Gate, Pass
from tessera.doors.pools import GATE as SHARE


def test_a_crowded_writer_turns_away_in_the_same_words_on_both_ways(
    api, site, plain, monkeypatch
):  # fmt: skip
    before = api.rows()
    with Line(site.port) as line, Line(plain.port) as other:
        monkeypatch.setattr("tessera.doors.writer.Writer.crowded", True)
        told = [each.send(asked(api.till, api.basket())).hear() for each in (line, other)]
        again = line.send(asked(api.till, api.basket())).hear()
    assert told[0] == again, "no number of ours is in it: no key was looked at"
    rate = ("ratelimit-limit: ", "ratelimit-reset: ")
    status, head, body = told[1].steady
    assert told[0].steady == (status, [each for each in head if not each.startswith(rate)], body)
    assert told[0].status == 503 and "retry-after: 1" in told[0].head
    assert api.rows() == before


ODD: list[dict[str, Any]] = [
    {"Connection": "close"}, {"Transfer_Encoding": "chunked"}, {"Content_Length": "99999999"},
    {"Content_Length": "+9"}, {"X_More": "a\r\nContent-Length: 3"}, {"Expect": "100-continue"},
    {"first": "POST /v1/receipts HTTP/1.0"}, {"first": "GET /v1/receipts HTTP/1.1"},
    {"X_Long": "x" * 5_000},
]  # fmt: skip


@pytest.mark.parametrize("how", ODD, ids=[" ".join(how) for how in ODD])
def test_only_what_is_plainly_one_whole_call_is_turned_away_unparsed(api, site, how, monkeypatch):
    unheard: list[bool] = []
    judge = protocol.ShortProtocol._unheard

    def note(self: protocol.ShortProtocol, data: bytes) -> bool:
        unheard.append(judge(self, data))
        return unheard[-1]

    monkeypatch.setattr(protocol.ShortProtocol, "_unheard", note)
    monkeypatch.setattr("tessera.doors.writer.Writer.crowded", True)
    with Line(site.port) as line:
        assert line.send(asked(api.till, api.basket())).hear().status == 503
        assert unheard == [True]
        line.send(asked(api.till, api.basket(), **how))
        line.link.settimeout(0.5)
        with suppress(TimeoutError):  # of what never becomes whole nothing more is heard
            line.hear()
        assert unheard[1:] and not any(unheard[1:])


def test_what_lies_within_a_call_is_never_taken_for_another(api, site, monkeypatch):
    """The answer is out before the body has come; the rest of it may look like anything."""
    inner = asked(api.till, api.basket())
    outer = asked(api.till, b"x" * 9 + inner)
    after = asked(api.till, api.basket())
    monkeypatch.setattr("tessera.doors.writer.Writer.crowded", True)
    with Line(site.port) as line:
        line.send(outer[: len(outer) - len(inner)])
        assert line.hear().status == 503
        line.send(inner).send(after)
        assert line.hear().status == 503
        line.link.settimeout(0.3)
        with pytest.raises(TimeoutError):
            line.hear()
    with Line(site.port) as line:  # several in one packet, then in pieces: an answer for each
        line.send(after + after + after)
        assert [line.hear().status for _ in range(3)] == [503] * 3
        line.send(after[:40], after[40:300], after[300:])
        assert line.hear().status == 503


def test_who_was_turned_away_unparsed_is_served_when_there_is_room(api, site):
    with Line(site.port) as line:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tessera.doors.writer.Writer.crowded", True)
            assert line.send(asked(api.till, api.basket())).hear().status == 503
        assert line.send(asked(api.till, api.basket())).hear().status == 201


def test_who_is_turned_away_unparsed_all_the_time_rests_like_others(api, monkeypatch):
    monkeypatch.setattr("tessera.doors.writer.Writer.crowded", True)
    with serving(api.dsn, keep_alive_s=2) as site, Line(site.port) as line:
        for _ in range(3):
            assert line.send(asked(api.till, api.basket())).hear().status == 503
            time.sleep(0.8)
        assert line.ended()


def test_where_all_places_are_taken_a_stranger_is_not_looked_up(api, monkeypatch):
    monkeypatch.setattr("tessera.doors.api.MAX_INSIDE", 0)
    with serving(api.dsn) as site, Line(site.port) as line:
        for body in (b"{}", b"x" * 70_000):
            said = line.send(asked("tsr_nobody", body)).hear()
            assert said.status == 503 and json.loads(said.body)["code"] == "busy"
        assert line.send(asked("", b"", first="GET /v1/ready HTTP/1.1")).hear().status == 200
        last = line.send(asked(api.till, b"{}", Connection="close")).hear()
        assert last.status == 503 and "connection: close" in last.head


def test_a_key_is_looked_up_once_for_all_who_call_with_it(api):
    """And while it is, it is known a little longer: those calls must not become the overload."""

    async def scene() -> None:
        pool = SHARE.pool(api.dsn)
        async with pool:
            gate = Gate(pool)
            word = f"Bearer {api.till}".encode()
            found = await asyncio.gather(*(gate.enter(word) for _ in range(500)))
            assert pool.get_stats()["requests_num"] == 1
            passed = found[0]
            assert isinstance(passed, Pass) and all(each is passed for each in found)
            passed.until = time.monotonic() - 1
            assert gate.enter_known(word) is None
            passed.renewing = True
            assert gate.enter_known(word) is passed
            passed.until = time.monotonic() - GRACE_S - 0.01
            assert gate.enter_known(word) is None
            passed.until = time.monotonic()
            gate.forget()
            assert gate.enter_known(word) is None, "it may have been revoked here"

    run(scene())


def test_guesses_are_looked_up_as_often_as_strangers_may_call(api):
    """And whoever was known there comes in as before; so does a new key from elsewhere."""

    async def scene() -> None:
        pool = SHARE.pool(api.dsn)
        async with pool:
            gate, till = Gate(pool), f"Bearer {api.till}".encode()
            assert isinstance(await gate.enter(till, "192.0.2.1"), Pass)
            gate.forget()
            guesses = [f"Bearer {access.token('till', token_bytes(20))}" for _ in range(60)]
            said = [await gate.enter(each.encode(), "192.0.2.1") for each in guesses]
            codes = [each.code for each in said if isinstance(each, Refusal)]
            assert codes[:20] == ["not_signed_in"] * 20 and codes[-1] == "too_many_calls"
            assert pool.get_stats()["requests_num"] <= 1 + STRANGER_RATE + 10
            assert len(codes) == 60 and not gate.enter_anybody("192.0.2.2").refusal
            assert isinstance(await gate.enter(till, "192.0.2.1"), Pass), "known here before"
            admin = f"Bearer {api.admin}".encode()
            assert isinstance(await gate.enter(admin, "192.0.2.2"), Pass)

    run(scene())
