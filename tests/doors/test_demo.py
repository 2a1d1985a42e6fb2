"""The demo is built through the real writer, can be interrupted, and walks over real HTTP."""

import asyncio
import subprocess
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import psycopg
import pytest
import uvicorn

from support.database import run
from tessera.doors.cli.demo.build import Plan, build_demo
from tessera.doors.cli.demo.check import check
from tessera.doors.cli.demo.feed import DemoBroken
from tessera.doors.cli.demo.welcome import welcome
from tessera.doors.ground import Ground, Settings
from tessera.doors.site import Site

PLAN = Plan(date(2026, 5, 31), members=30, receipts=400)


def ground(dsn):
    return Ground(Settings(Path("unused"), database_url=dsn), dsn, None)


async def build(dsn, plan=PLAN, progress=lambda *_: None):
    async with ground(dsn).house() as house:
        return await build_demo(house, plan, progress)


@asynccontextmanager
async def served(dsn):
    server = uvicorn.Server(uvicorn.Config(Site(ground(dsn)), port=0, log_level="error"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done(), "the server did not start"
        await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def kinds(dsn):
    with psycopg.connect(dsn) as conn:
        return dict(conn.execute("SELECT kind, count(*) FROM checkout.receipt GROUP BY kind"))


def test_every_receipt_is_posted_and_a_second_start_changes_nothing(dsn):
    first = run(build(dsn))
    assert first.built and first.receipts == 400 and first.registered == 27
    assert kinds(dsn) == {"sale": 400, "return": first.returns}
    again = run(build(dsn, Plan(date(2027, 1, 1), seed=9)))
    assert not again.built
    assert (again.plan, again.card, again.returns) == (PLAN, first.card, first.returns)
    assert again.admin_key != first.admin_key
    assert kinds(dsn) == {"sale": 400, "return": first.returns}


def test_an_interrupted_build_goes_on(dsn):
    class Interrupted(Exception):
        pass

    def stop(what, done, _total):
        if what == "receipts" and done >= 200:
            raise Interrupted

    with pytest.raises(Interrupted):
        run(build(dsn, progress=stop))
    assert 200 <= kinds(dsn)["sale"] < 400
    summary = run(build(dsn))
    assert summary.built
    assert kinds(dsn) == {"sale": 400, "return": summary.returns}


def test_another_shop_is_left_alone(dsn):
    with psycopg.connect(dsn) as conn:
        conn.execute("INSERT INTO warehouse.store VALUES ('S1', 'Ours', 'Europe/Rome')")
    with pytest.raises(DemoBroken, match="another shop"):
        run(build(dsn))
    assert kinds(dsn) == {}


def test_the_walk_holds_and_the_printed_commands_work(dsn):
    async def walk():
        summary = await build(dsn)
        async with served(dsn) as url:
            told: list[str] = []
            key = summary.till_keys["TRASTEVERE"]
            assert await check(url, key, summary.admin_key, told.append, summary.card) == 0, told
            wrong: list[str] = []
            assert await check(url, "tsr_no", summary.admin_key, wrong.append, summary.card) == 1
            curls = [row for row in welcome(summary, url).splitlines() if row[:4] == "curl"]
            answers = [await asyncio.to_thread(shell, row) for row in curls]
        return "\n".join(told), "\n".join(wrong), answers

    told, wrong, answers = run(walk())
    assert "All 9 steps hold." in told
    assert "1 x CORNETTO free                  -1.40" in told
    assert "FAILED at step 1, Who is it?" in wrong and "401" in wrong
    assert [answer[-3:] for answer in answers] == ["200", "200", "201"]


def shell(row):
    done = subprocess.run(
        ["sh", "-c", f"{row} -w ' %{{http_code}}'"], capture_output=True, text=True, check=True
    )
    return done.stdout
