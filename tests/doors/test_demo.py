"""The demo is built through the real writer, can be interrupted, and walks over real HTTP."""

import asyncio
import subprocess
from collections import Counter
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import httpx
import psycopg
import pytest
import uvicorn
from msgspec.structs import replace
from typer.testing import CliRunner

from support.database import run
from tessera.checkout.db import KEPT
from tessera.doors.cli.demo.bottega import program_text
from tessera.doors.cli.demo.build import Plan, build_demo, story
from tessera.doors.cli.demo.check import check
from tessera.doors.cli.demo.feed import DemoBroken, _ids
from tessera.doors.cli.demo.meter import Pace
from tessera.doors.cli.demo.shop import Registered, Returned
from tessera.doors.cli.demo.welcome import welcome
from tessera.doors.cli.main import build as commands
from tessera.doors.ground import Ground, Settings
from tessera.doors.site import Site
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics
from tessera.warehouse.core import Receipt

PLAN = Plan(date(2026, 5, 31), members=40, days=300)


def ground(dsn):
    return Ground(Settings(Path("unused"), database_url=dsn), dsn, None)


async def build(dsn, plan=PLAN, progress=lambda *_: None, say=lambda _: None):
    async with ground(dsn).house() as house:
        return await build_demo(house, plan, progress, say)


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


def story_counts(plan=PLAN):
    """{what: how many}, as the generator tells it."""
    names = {Receipt: "sale", Returned: "return", Registered: "member"}
    return Counter(names.get(type(each), "event") for each in story(plan))


def counts(dsn):
    """{what: how many}, as the database has it."""
    found: Counter[str] = Counter()
    with psycopg.connect(dsn) as conn:
        found.update(dict(conn.execute("SELECT kind, count(*) FROM checkout.receipt GROUP BY 1")))
        for what, counted in (
            ("event", "SELECT count(*) FROM checkout.event"),
            ("member", "SELECT count(*) FROM members.person"),
        ):
            found[what] = conn.execute(counted).fetchall()[0][0]
    return found


def gave(dsn):
    """{rule: on how many receipts and events it gave something}"""
    with psycopg.connect(dsn) as conn:
        rows = [*conn.execute("SELECT story FROM checkout.receipt WHERE kind = 'sale'"),
                *conn.execute("SELECT story FROM checkout.event")]  # fmt: skip
    return Counter(each.rule for (raw,) in rows for each in KEPT.decode(raw).story.effects)


def test_everything_is_posted_and_a_second_start_changes_nothing(dsn):
    said: list[str] = []
    first = run(build(dsn, say=said.append))
    assert counts(dsn) == story_counts()
    assert first.built and first.events == story_counts()["event"]
    assert first.receipts == story_counts()["sale"] + story_counts()["return"]
    assert "Bottega Tessera, version 2: 44 rules" in said[0] and "tests passed" in said[0]
    again = run(build(dsn, Plan(date(2027, 1, 1), seed=9)))
    assert not again.built
    assert (again.plan, again.card, again.spare) == (PLAN, first.card, first.spare)
    assert (again.receipts, again.events) == (first.receipts, first.events)
    assert again.admin_key != first.admin_key
    assert counts(dsn) == story_counts()


def test_most_rules_give_something(dsn):
    run(build(dsn, replace(PLAN, members=80, days=500)))
    program = program_text(Reader(mechanics.shelf(), conditions.shelf())).edition.program
    silent = {rule.id for rule in program.rules} - set(gave(dsn))
    assert len(silent) <= 6, silent  # some days of the year and some people are rare


def test_members_have_the_same_ids_in_every_build():
    form = next(each for each in story(PLAN) if isinstance(each, Registered))
    member, account = _ids(form)
    assert (member, account) == _ids(form) and member != account
    assert member.version == account.version == 7
    assert member.int >> 80 == int(form.at.timestamp() * 1000)


def test_an_interrupted_build_goes_on(dsn):
    class Interrupted(Exception):
        pass

    def stop(what, done, _total):
        if what == "receipts" and done >= 200:
            raise Interrupted

    with pytest.raises(Interrupted):
        run(build(dsn, progress=stop))
    assert 200 <= counts(dsn)["sale"] < story_counts()["sale"]
    summary = run(build(dsn))
    assert summary.built
    assert counts(dsn) == story_counts()


def test_another_shop_is_left_alone(dsn):
    with psycopg.connect(dsn) as conn:
        conn.execute("INSERT INTO warehouse.store VALUES ('S1', 'Ours', 'Europe/Rome')")
    with pytest.raises(DemoBroken, match="another shop"):
        run(build(dsn))
    assert counts(dsn)["sale"] == 0


@pytest.mark.slow
def test_the_walk_holds_twice_and_the_printed_commands_work(dsn):
    async def walk():
        summary = await build(dsn)
        async with served(dsn) as url:
            told: list[str] = []
            assert await check(url, summary, told.append) == 0, told[-1]
            assert await check(url, summary, told.append) == 0, "another card is taken"
            wrong: list[str] = []
            keys = {store: "tsr_no" for store in summary.till_keys}
            assert await check(url, replace(summary, till_keys=keys), wrong.append) == 1
            curls = [row for row in welcome(summary, url).splitlines() if row[:4] == "curl"]
            answers = [await asyncio.to_thread(shell, row) for row in curls]
            said = welcome(summary, url, outbox="/here/outbox")
            assert f"{url}/console/members?q={summary.card}" in said
            assert f"{url}/m\n" in said and f"{url}/till\n" in said and "/here/outbox" in said
            people = [await who(url, summary, "card", summary.card),
                      await who(url, summary, "email", summary.email)]  # fmt: skip
        return "\n".join(told), "\n".join(wrong), answers, people

    told, wrong, answers, people = run(walk())
    assert people[0] == people[1], "who is shown and who signs in are one"
    assert told.count("All 14 steps hold.") == 2
    for row in (
        "  1 x CORNETTO free                  -1.40",
        "  stamp card: 1 free                 -1.60",
        "  Happy birthday                     -",
        "why happy-hour: +",
        "why larder-day: +",
        "why welcome: +50 points",
        "Thank you for the answer: +30 points",
        "novelty        none of the goods it is for are on the receipt",
    ):
        assert row in told, row
    assert "FAILED at step 1, Who is it?" in wrong and "401" in wrong
    assert [answer[-3:] for answer in answers] == ["200", "200", "201", "201"]


async def who(url, summary, kind, value):
    """The account of whoever is called so, as a till finds it."""
    bearer = {"Authorization": f"Bearer {next(iter(summary.till_keys.values()))}"}
    async with httpx.AsyncClient(base_url=url, headers=bearer) as client:
        said = await client.post(
            "/v1/identify", json={"identifier": {"kind": kind, "value": value}}
        )
    return said.json()["account_id"]


def shell(row):
    done = subprocess.run(
        ["sh", "-c", f"{row} -w ' %{{http_code}}'"], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_progress_says_how_fast_and_how_long():
    pace = Pace()
    pace.began -= 10
    assert pace.told(1_000, 60_000) == "1,000 of about 60,000, 100/s, 10 min to go"
    assert pace.told(9_000, 60_000) == "9,000 of about 60,000, 900/s, 57 s to go"
    assert pace.told(1_000, 60_000_000).endswith(" h to go")
    assert pace.told(60_000, 60_000) == "60,000, 6,000/s"


def test_the_figures_need_no_database(tmp_path):
    app = commands(Settings(tmp_path / "never-made"))
    told = CliRunner().invoke(app, ["demo", "--figures", "--members", "300"])
    assert told.exit_code == 0 and "value of the top 20 % of members" in told.output
    small = CliRunner().invoke(app, ["demo", "--figures", "--members", "2", "--years", "0.01"])
    assert small.exit_code == 1 and "so small a shop" in small.output
    assert not (tmp_path / "never-made").exists()
