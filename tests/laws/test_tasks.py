"""Long work: which state leads to which, how fast it is, and what may be kept of what it says."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.base.refusal import Refusal
from tessera.doors.sheets import sheet
from tessera.doors.uploads import Preview, Uploads, Wrong
from tessera.tasks import core
from tessera.tasks.core import By, State, Task

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
STATES: tuple[State, ...] = get_args(State)


def a_task(state: State = "running", **more: Any) -> Task:
    by = By("staff", UUID(int=7), "Giulia", "manager")
    begun = Task(UUID(int=1), "receipts", "a.csv", state, "run", 10, 10, {}, by, NOW)
    return msgspec.structs.replace(begun, **more)


def test_what_is_open_can_be_stopped_and_what_stopped_can_go_on():
    for state in STATES:
        assert (core.stoppable(a_task(state)) is None) == (state in core.OPEN)
        assert isinstance(core.startable(a_task(state)), Refusal) == (state not in core.STARTS)
    assert set(STATES) == core.OPEN | core.OVER and not core.OPEN & core.OVER


@pytest.mark.parametrize(
    ("state", "part", "begins"),
    [("ready", "check", "run"), ("failed", "check", "check"), ("cancelled", "run", "run")],
)
def test_what_failed_begins_with_the_part_that_failed(state, part, begins):
    assert core.startable(a_task(state, part=part)) == begins


def test_a_check_ends_with_a_decision_and_a_run_is_done():
    assert core.next_state(a_task(part="check")) == "ready"
    assert core.next_state(a_task(part="run")) == "done"


def test_the_pace_is_that_of_its_phase_and_of_what_was_done_in_it():
    at_work = a_task(done=5000, phase_from=1000, total=13_000, phase_at=NOW)
    later = NOW + timedelta(seconds=4)
    assert (core.per_second(at_work, later), core.seconds_left(at_work, later)) == (1000, 8)
    assert core.per_second(at_work, NOW + timedelta(milliseconds=100)) is None, "too early"
    assert core.seconds_left(a_task(done=5, phase_at=NOW), later) is None, "of nobody knows what"
    assert core.per_second(a_task("queued", done=5, phase_at=NOW), later) is None


@given(st.recursive(st.text() | st.integers(-(2**53), 2**53) | st.none(), st.lists, max_leaves=5))
def test_whatever_a_file_holds_can_be_kept(value):
    told = msgspec.json.encode(core.keepable(value)).decode()
    assert "\\u0000" not in told
    assert core.keepable("a\x00\ud800") == "a\ufffd?"


@given(st.lists(st.lists(st.text(max_size=8), min_size=2, max_size=2), max_size=5))
def test_no_cell_is_one_that_a_spreadsheet_runs(rows):
    text = sheet(["a", "b"], rows)
    for row in list(csv.reader(io.StringIO(text, newline="")))[1:]:
        for cell in row:
            number = cell[1:].replace(".", "").replace(",", "").isdecimal()
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")) or number


def test_numbers_below_zero_stay_numbers():
    rows = [("-4", "-2,50"), ("-2+3", "-"), ("+39 333", "=1"), ("@a", "--1")]
    told = list(csv.reader(io.StringIO(sheet(["a", "b"], rows))))[1:]
    assert told == [["-4", "-2,50"], ["'-2+3", "'-"], ["'+39 333", "'=1"], ["'@a", "'--1"]]


def test_files_lie_in_folders_of_their_own_and_go(tmp_path):
    uploads, task = Uploads(tmp_path / "uploads"), UUID(int=9)
    uploads.write(task, 0, b"hello")
    uploads.write(task, 3, b"lo, world")
    uploads.write(task, 0, b"he")
    assert uploads.source(task).read_bytes() == b"hello, world"
    assert oct(uploads.source(task).stat().st_mode)[-3:] == "600"
    preview = Preview(["a"], [["x\x00\ud800"]], [Wrong(2, "a", "code", "why")])
    uploads.keep_preview(task, preview)
    uploads.keep_aside(task, {2: {"name": "Ada"}})
    assert uploads.preview(task).wrong == preview.wrong
    assert uploads.aside(task) == {2: {"name": "Ada"}}
    assert uploads.there(older_s=-1) == [task] and uploads.there(older_s=60) == []
    uploads.forget([task])
    assert uploads.there(older_s=-1) == [] and uploads.aside(task) == {}
    assert uploads.preview(task) == Preview()
