"""What cannot be served in time is turned away on both ways, cheaply and in the same words."""

from __future__ import annotations

import asyncio
import json
import time

from doors.wire.wire_line import Line, asked, serving
from support.database import run
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
    assert told[0].steady == told[1].steady == again.steady
    assert told[0].status == 503 and "retry-after: 1" in told[0].head
    assert api.rows() == before


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
