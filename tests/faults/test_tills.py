"""Fault 6: tills that are cut off, and tills that are killed. Nothing is lost, nothing doubled."""

from __future__ import annotations

import io
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from faults.drill import say
from support import api as shops
from support.line import line_to
from tessera.doors.cli.tills.command import rehearse
from tessera.till import How, Line, Sale, Till

pytestmark = pytest.mark.faults
SEED = 20261122
ALLOWED = 60  # points an allowance is for
PROGRAM = {
    "name": "T", "currency": "EUR", "unknown_cards": "any",
    "offline": {"points": ALLOWED, "days": 2, "tills": 5},
    "rules": [
        {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
        {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1},
    ],
}  # fmt: skip
QUICK = How(timeout_s=3, failures=2, rest_s=0.0, rest_most_s=0.0)


@pytest.fixture
def api(server, template):
    with shops.fresh(server, template) as shop:
        assert shop.call("POST", "/v1/program", PROGRAM).status_code == 201
        yield shop


def sale(minor: int, card: str | None = None, spend: int = 0) -> Sale:
    return Sale([Line("SOUP", 1, minor)], card, spend)


@pytest.mark.parametrize("tills", [2, 5])
def test_tills_that_are_cut_off_overspend_a_card_by_no_more_than_their_allowances(
    api, tmp_path, tills
):
    card = api.cards[0]
    with line_to(api.url) as line:
        shops_tills = [
            Till(tmp_path / str(n), line.url, api.till, "S1", str(n), QUICK) for n in range(tills)
        ]
        shops_tills[0].sell(sale(ALLOWED * 50, card))
        for till in shops_tills:
            assert till.identify(card).may_spend == ALLOWED
        line.become("cut")
        for till in shops_tills:
            sold = [till.sell(sale(500, card, spend=ALLOWED // 2)) for _ in range(3)]
            assert [each.state for each in sold] == ["queued", "queued", "void"]
        line.become("whole")
        for till in reversed(shops_tills):
            assert till.send().done == 2
        balance = api.post("/v1/identify", {"card": card}).json()["balance"]
        earned = ALLOWED + 2 * tills * ((500 - ALLOWED // 2) * 2 // 100)
        assert balance["balance"] == earned - tills * ALLOWED
        assert balance["debt"] == max(0, tills * ALLOWED - earned), "visible"
        assert balance["debt"] <= (tills - 1) * ALLOWED, "bounded"
        for till in shops_tills:
            assert till.identify(card).may_spend == max(0, min(ALLOWED, balance["balance"]))
            till.close()


def test_a_rehearsal_of_cut_lines_loses_and_doubles_nothing(api):
    say(f"seed {SEED}")
    found = rehearse(api.url, api.admin, (3, 60, 4, 50), SEED, Console(file=io.StringIO()))
    assert found == []
    kinds = api.eye.execute(
        "SELECT count(*) FILTER (WHERE kind = 'sale'), count(*) FILTER (WHERE kind = 'return'),"
        " sum(points_spent) FROM checkout.receipt"
    ).fetchone()
    assert kinds is not None
    assert kinds[0] > 50 and kinds[1] > 5 and kinds[2] > 0, "it was no empty rehearsal"


@pytest.mark.faults_long
@pytest.mark.parametrize("seed", range(SEED, SEED + 10))
def test_long_rehearsals(api, seed):
    say(f"seed {seed}")
    size = (8, 300, 6, 50)
    assert rehearse(api.url, api.admin, size, seed, Console(file=io.StringIO())) == []


def killed(place: Path, url: str, key: str, after_s: float, seed: int) -> list[str]:
    """Start a till's process, kill it after a while; what it said it had been told."""
    command = [sys.executable, "-m", "faults.till_process", str(place), url, key, str(seed)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        return process.stdout.read().split()


def kills(api, place: Path, times: int) -> None:
    chance = random.Random(SEED)
    told: list[str] = []
    card = api.cards[0]
    for n in range(times):
        told += killed(place, api.url, api.till, chance.random() * 0.25, SEED + n)
    with Till(place, api.url, api.till, "S1", "1", QUICK) as till:
        for _ in range(50):
            if not (report := till.send()).left:
                break
        assert (report.left, report.trouble, till.refused()) == (0, "", [])
        counts = till.counts()
        assert set(counts) <= {"done", "told"}
        numbers = {number for number in told if (entry := till.find(number)) and entry.answer}
    say(f"{times} kills, {counts.get('done')} receipts, {len(told)} of them told of")
    assert numbers == set(told), "what the till has said is in its book, and done"
    rows = api.eye.execute("SELECT number, count(*) FROM checkout.receipt GROUP BY number")
    posted = dict(rows.fetchall())
    assert len(posted) == counts["done"] and set(posted.values()) == {1}
    assert set(told) <= set(posted)
    asked = api.call("GET", f"/v1/accounts/{account(api, card)}/receipts?limit=200").json()
    assert asked["items"]


def account(api, card: str) -> str:
    return str(api.post("/v1/identify", {"card": card}).json()["account_id"])


def test_a_killed_till_has_lost_and_doubled_nothing(api, tmp_path):
    say(f"seed {SEED}")
    kills(api, tmp_path, 8)


@pytest.mark.faults_long
def test_a_till_killed_two_hundred_times(api, tmp_path):
    say(f"seed {SEED}")
    kills(api, tmp_path, 200)
