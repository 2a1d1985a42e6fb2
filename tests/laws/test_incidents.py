"""The register: of a kind at most one incident is open, whatever is noticed and in what order."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from tessera.base.refusal import Refusal
from tessera.incidents.core import (
    AGAIN,
    DETAIL_MOST,
    NOTES_MOST,
    Incident,
    Note,
    Sign,
    after_sign,
    closed,
    noted,
    opened,
)

START = datetime(2026, 3, 14, tzinfo=UTC)
steps = st.lists(
    st.tuples(st.sampled_from(["begin", "end", "once"]), st.integers(0, 100)), max_size=30
)


def played(said: list[tuple[str, int]], kind: str = "disk_full") -> list[Incident]:
    """The rows after these signs, each some seconds after the one before."""
    rows: dict[object, Incident] = {}
    newest, at = None, START
    for what, later_s in said:
        at += timedelta(seconds=later_s)
        row = after_sign(newest, Sign(what, kind, "why", at), uuid4())  # type: ignore[arg-type]
        if row is not None:
            newest = rows[row.id] = row
    return list(rows.values())


@given(steps)
def test_only_the_last_row_may_be_open_and_none_overlap(said):
    rows = played(said)
    assert all(row.ended_at is not None for row in rows[:-1])
    for before, after in itertools.pairwise(rows):
        assert before.ended_at is not None and after.began_at - before.ended_at > AGAIN
    assert all(row.ended_at is None or row.ended_at >= row.began_at for row in rows)


@given(steps)
def test_a_begin_is_counted_once_while_it_lasts(said):
    """Each begin and each `once` that met nothing open is in `times` of exactly one row."""
    counted, is_open = 0, False
    for what, _ in said:
        counted += what != "end" and not is_open
        is_open = what == "begin" or (is_open and what == "once")
    assert sum(row.times for row in played(said)) == counted


def test_what_flickers_is_one_row_and_what_comes_back_later_another():
    assert [row.times for row in played([("begin", 0), ("end", 5), ("begin", 60)])] == [2]
    assert [row.times for row in played([("begin", 0), ("end", 5), ("begin", 61)])] == [1, 1]


def test_of_several_processes_the_last_one_says_when_it_was_over():
    (row,) = played([("begin", 0), ("begin", 1), ("end", 5), ("end", 7)])
    assert row.ended_at == START + timedelta(seconds=13)


@given(st.lists(st.sampled_from(["the budget a", "the budget b", "x" * 300, "y" * 250])))
def test_of_what_happens_within_a_minute_nothing_is_lost(said):
    rows: dict[object, Incident] = {}
    newest = None
    for detail in said:
        newest = after_sign(newest, Sign("once", "budget_used_up", detail, START), uuid4())
        assert newest is not None and not newest.open and len(newest.detail) <= DETAIL_MOST
        rows[newest.id] = newest
    told = [each for row in rows.values() for each in row.detail.split("; ")]
    assert set(told) == set(said)
    assert sum(row.times for row in rows.values()) == len(said)


def test_what_ran_out_within_a_minute_is_one_row_that_names_each_once():
    newest = None
    for detail in ("a is used up", "b is used up", "a is used up"):
        newest = after_sign(newest, Sign("once", "budget_used_up", detail, START), uuid4())
    assert newest is not None
    assert (newest.detail, newest.times) == ("a is used up; b is used up", 3)


def test_every_drill_is_a_row():
    assert len(played([("once", 0), ("once", 1)], kind="drill")) == 2


def test_people_open_note_and_close():
    row = opened(None, "till_offline", "three", "Anna", START, uuid4())
    assert isinstance(row, Incident)
    again = opened(row, "till_offline", "three", "Anna", START, uuid4())
    assert isinstance(again, Refusal) and again.code == "incident_open"
    odd = opened(None, "Till offline\n", "three", "Anna", START, uuid4())
    assert isinstance(odd, Refusal) and odd.code == "kind_invalid"
    over = closed(row, "Bea", START + timedelta(minutes=1))
    assert isinstance(over, Incident) and over.closed_by == "Bea"
    twice = closed(over, "Bea", START + timedelta(minutes=2))
    assert isinstance(twice, Refusal) and twice.code == "incident_ended"
    unknown = noted(None, "x", "Bea", START)
    assert isinstance(unknown, Refusal) and unknown.code == "incident_unknown"
    note = noted(row, "seen", "Bea", START)
    assert note == Note(1, START, "Bea", "seen")


def test_notes_are_bounded():
    notes = tuple(Note(n + 1, START, "Anna", "x") for n in range(NOTES_MOST))
    row = Incident(uuid4(), "x", "y", START, None, 1, "Anna", None, notes)
    full = noted(row, "x", "Anna", START)
    assert isinstance(full, Refusal) and full.code == "notes_full"
