"""The worker that draws: real pictures, and what is shown when it dies, hangs or says nonsense."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from datetime import date, timedelta

from support.database import run
from tessera.doors.charts import Chart, Drawer, Spec
from tessera.doors.charts.drawer import MOST_WAITING
from tessera.doors.charts.worker import READY
from tessera.doors.language.local import local

DAYS = tuple((date(2026, 1, 1) + timedelta(days=n), n, n * 2) for n in range(30))
HEADS = ("Day", "One", "Two")
LONG_S = 60.0  # machines that do much else besides


def chart(*rows, heads=HEADS, **spec):
    return Chart("x", "Title", "Finding.", heads, rows or DAYS, Spec(**spec))


def test_every_kind_is_drawn_and_the_same_is_drawn_once():
    async def work():
        drawer = Drawer(limit_s=LONG_S)
        try:
            kinds = [
                chart(mark="lines"), chart(x="month", stacked=True),
                chart(("a <b> & \"c\"; alert(1)", 1, -5), ("=1", 2, 0), x="name"),
                chart((date(2026, 1, 1), 7, 0), mark="lines"),
                chart(("x", 10**12, 0), x="name", unit="money", currency="EUR"),
            ]  # fmt: skip
            for each in kinds:
                figure = await drawer.figure(each, local("ru"))
                assert figure.wide and figure.narrow
                for picture in (figure.wide, figure.narrow):
                    assert "var(--brand)" in picture and "#" not in picture.replace("&#", "")
                    assert "style" not in picture and "<script" not in picture
            before = drawer.drawn
            again = await drawer.figure(kinds[0], local("ru"))
            assert again.wide and drawer.drawn == before
            await drawer.figure(kinds[0], local("zh"))
            assert drawer.drawn == before + 2, "another language is another picture"
            nothing = await drawer.figure(Chart("x", "T", "F.", HEADS, (), Spec()), local("en"))
            assert nothing.wide is None
        finally:
            await drawer.close()

    run(work())


def test_a_worker_that_was_killed_comes_back():
    async def work():
        drawer = Drawer(limit_s=LONG_S)
        try:
            assert (await drawer.figure(chart(), local("en"))).wide
            assert drawer._worker is not None
            os.kill(drawer._worker.pid, signal.SIGKILL)
            await drawer._worker.wait()
            assert (await drawer.figure(chart(mark="lines"), local("en"))).wide
        finally:
            await drawer.close()

    run(work())


def said(*lines):
    """A worker that runs these lines of Python."""
    return (sys.executable, "-c", "\n".join(lines))


def test_without_a_picture_the_table_is_there():
    async def work(command, limit_s):
        drawer = Drawer(command, limit_s=limit_s, start_s=5)
        try:
            figure = await drawer.figure(chart(), local("en"))
            assert figure.wide is None and figure.narrow is None
            assert figure.rows[1] == ("2 Jan 2026", "1", "2")
            worker = drawer._worker
            assert worker is None, "whoever cannot draw is ended"
        finally:
            await drawer.close()

    run(work(said("raise SystemExit(1)"), 10))
    ready = ("import sys, time", "sys.stdout.buffer.write(bytes(4))", "sys.stdout.flush()")
    run(work(said(*ready, "time.sleep(600)"), 6))
    run(work(said("import time", "time.sleep(600)"), 20))
    run(work(said("import sys", "sys.stdout.write('nonsense and more of it')"), 10))
    run(work(("/nowhere/python",), 10))


def test_a_worker_that_is_slow_to_start_is_waited_for_by_the_next_page():
    async def work():
        drawer = Drawer(limit_s=0.05)
        try:
            assert (await drawer.figure(chart(), local("en"))).wide is None
            starting = drawer._worker
            drawer._limit_s = LONG_S
            assert (await drawer.figure(chart(), local("en"))).wide
            assert starting is None or drawer._worker is starting, "it was not started again"
        finally:
            await drawer.close()

    run(work())


def test_a_crowd_does_not_queue_up():
    async def work():
        drawer = Drawer(said("import time", "time.sleep(600)"), limit_s=1.0)
        try:
            wanted = [chart((date(2026, 1, 1), n, n)) for n in range(MOST_WAITING * 3)]
            doing = asyncio.gather(*(drawer.figure(each, local("en")) for each in wanted))
            found = await asyncio.wait_for(doing, 10)
            assert all(each.wide is None and each.rows for each in found)
        finally:
            await drawer.close()

    run(work())


def test_the_worker_ends_with_whoever_started_it():
    code = "from tessera.doors.charts.worker import serve; import sys; " \
        "serve(sys.stdin.buffer, sys.stdout.buffer)"  # fmt: skip
    ended = subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 0 and ended.stdout == READY
