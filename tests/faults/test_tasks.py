"""Fault 2: the worker is killed in the middle of an import: the next one goes on, each row once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from faults.drill import say
from support import api as shops
from support.sending import HEAD, begun, started, task, until
from tessera.doors.crew import begin
from tessera.doors.ground import Settings
from tessera.doors.raising import crew_of

pytestmark = [pytest.mark.faults, pytest.mark.slow]
SEED = 20261123
RECEIPTS = 3000
MODULE = "tessera.doors.cli.tasks"


def receipts(cards: list[str], count: int = RECEIPTS) -> bytes:
    """Receipts of several members; one of fifty is bad."""
    chance = random.Random(SEED)
    rows = [HEAD]
    for n in range(count):
        quantity = "0" if n % 50 == 49 else str(chance.randint(1, 3))
        clock = f"2026-10-{1 + n % 28:02}T{n % 24:02}:00:00"
        rows.append(f"k{n},{clock},S1,{cards[n % 40]},TEA,{quantity},10.00")
    return ("\n".join(rows) + "\n").encode()


def worker_of(parent: int) -> int | None:
    """The process that works for this one."""
    said = subprocess.run(
        ["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
    ).stdout
    for line in said.splitlines()[1:]:
        pid, ppid, args = line.split(None, 2)
        if int(ppid) == parent and MODULE in args and sys.executable.split("/")[-1] in args:
            return int(pid)
    return None


def somebody_at_work(parent: int) -> int:
    """The worker; after one that was killed the next may take a moment to begin."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        pid = worker_of(parent)
        if pid is not None:
            return pid
        time.sleep(0.02)
    raise AssertionError("nobody is at work")


def test_a_killed_worker_is_followed_by_one_that_goes_on(server, template, tmp_path):
    chance = random.Random(SEED)
    say(f"a worker is killed in the middle of an import: seed {SEED}")
    with shops.fresh(server, template, worker=True, data_dir=tmp_path) as api:
        found = begun(api, receipts(api.cards))
        until(api, found["task_id"], "ready")
        started(api, found["task_id"])
        killed = 0
        for part in (1, 2):
            if until_past(api, found["task_id"], part * RECEIPTS // 4):
                pid = somebody_at_work(os.getpid())
                time.sleep(chance.random() * 0.1)
                os.kill(pid, signal.SIGKILL)
                killed += 1
        done = until(api, found["task_id"], "done")
        assert killed == 2, "it was killed on its way"
        assert done["came"]["good"] == RECEIPTS - RECEIPTS // 50
        with psycopg.connect(api.dsn) as conn:
            posted = conn.execute(
                "SELECT count(*), count(DISTINCT number), sum(gross_minor) FROM checkout.receipt"
            ).fetchone()
            rows = [line.split(",") for line in receipts(api.cards).decode().splitlines()[1:]]
            worth = sum(int(row[5]) * 1000 for row in rows)
            assert posted == (RECEIPTS * 49 // 50, RECEIPTS * 49 // 50, worth)
            aside = conn.execute("SELECT count(*) FROM warehouse.quarantine").fetchone()
            assert aside == (RECEIPTS // 50,)


def test_an_import_that_is_at_work_ends_when_somebody_in_it_is_erased(server, template, tmp_path):
    with shops.fresh(server, template, worker=True, data_dir=tmp_path) as api:
        named = {"identifiers": [{"kind": "card", "value": api.cards[5]}], "given_name": "Ada"}
        member = api.call("POST", "/v1/members", named).json()["member_id"]
        found = begun(api, receipts(api.cards), name="sales.csv")
        until(api, found["task_id"], "ready")
        started(api, found["task_id"])
        assert until_past(api, found["task_id"], RECEIPTS // 4), "it is at work"
        why = {"reason": "the member asked for it"}
        assert api.call("POST", f"/v1/members/{member}/erase", why).is_success
        lost = until(api, found["task_id"], "failed", limit_s=30)
        assert (lost["fault"]["code"], lost["part"]) == ("file_removed", "run")
        assert not Path(tmp_path, "uploads", found["task_id"]).exists()


def until_past(api, task_id: str, count: int) -> bool:
    """Whether it is at work on its receipts and has come so far."""
    end = time.monotonic() + 180
    while time.monotonic() < end:
        now = task(api, task_id)
        if now["state"] == "done":
            return False
        if now["state"] == "running" and now["phase"] == "receipts" and now["done"] >= count:
            return True
        time.sleep(0.02)
    raise AssertionError("it does not get on")


def test_one_that_is_stopped_stops_and_goes_on_when_started_again(server, template, tmp_path):
    with shops.fresh(server, template, worker=True, data_dir=tmp_path) as api:
        found = begun(api, receipts(api.cards))
        until(api, found["task_id"], "ready")
        started(api, found["task_id"])
        assert until_past(api, found["task_id"], 100)
        api.call("POST", f"/v1/tasks/{found['task_id']}/stop")
        stopped = until(api, found["task_id"], "cancelled")
        assert stopped["done"] < RECEIPTS
        started(api, found["task_id"])
        done = until(api, found["task_id"], "done")
        assert done["came"]["good"] == RECEIPTS - RECEIPTS // 50
        number = "SELECT count(*), count(DISTINCT number) FROM checkout.receipt"
        assert api.eye.execute(number).fetchone() == (RECEIPTS * 49 // 50,) * 2


def test_what_kills_every_worker_fails_and_the_next_task_is_done(server, template, tmp_path):
    with shops.fresh(server, template, data_dir=tmp_path) as api:
        found = begun(api, receipts(api.cards, 100))
        api.eye.execute("UPDATE tasks.task SET state = 'running', tries = 5")
        other = begun(api, f"{HEAD}\nz1,2026-11-01T10:00:00,S1,,TEA,1,1.00\n".encode())
        worker = begin(crew_of(Settings(tmp_path, database_url=api.dsn)))
        try:
            assert until(api, found["task_id"], "failed")["fault"]["code"] == "worker_died"
            assert until(api, other["task_id"], "ready")["checked"]["good"] == 1
            again = api.call("POST", f"/v1/tasks/{found['task_id']}/start").json()
            assert again["state"] == "queued"
            assert until(api, found["task_id"], "ready")["checked"]["rows"] == 100
        finally:
            worker.terminate()
            assert worker.wait(20) == 0, "told to end it ends, and well"
