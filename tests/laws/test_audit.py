"""Laws of the log's chains: whatever is done to one, the trail says so."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tessera.access.audit.core import (
    CHAINS,
    Actor,
    Change,
    Entry,
    Head,
    Line,
    Trail,
    chain_of,
    digest,
    names_of,
    unlike_seal,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ids = st.uuids()
texts = st.text(max_size=5)
raw = st.none() | st.binary(max_size=5)
contents = st.builds(
    Line, st.just(3), st.just(0), st.datetimes(timezones=st.just(UTC)), texts, st.none() | ids,
    texts, texts, texts, texts, st.sampled_from(["done", "refused"]), texts, texts, texts, raw, raw,
    st.none() | ids, texts, st.none() | ids, st.none() | ids,
)  # fmt: skip


def chained(lines: list[Line]) -> list[Line]:
    found, before = [], b""
    for seq, line in enumerate(lines, 1):
        placed = replace(line, seq=seq)
        placed = replace(placed, hash=digest(placed, before))
        before = placed.hash
        found.append(placed)
    return found


def faults(lines: list[Line], head: Head) -> list[str]:
    trail = Trail(3)
    found = [trail.fault(line) for line in lines] + [trail.end(head)]
    return [each for each in found if each is not None]


def head_of(lines: list[Line]) -> Head:
    return Head(3, len(lines), lines[-1].hash if lines else b"")


chains = st.lists(contents, max_size=6).map(chained)


@given(chains)
def test_what_was_written_is_proved(lines):
    assert faults(lines, head_of(lines)) == []


@given(chains.filter(bool), contents, st.data())
def test_a_change_of_any_column_of_any_entry_is_found(lines, other, data):
    at = data.draw(st.integers(0, len(lines) - 1))
    name = data.draw(st.sampled_from(Line.__struct_fields__[2:-1]))
    value = getattr(other, name)
    if value == getattr(lines[at], name):
        return
    changed = [*lines[:at], replace(lines[at], **{name: value}), *lines[at + 1 :]]
    (fault,) = faults(changed, head_of(lines))
    assert fault.startswith(f"entry 3-{at + 1} (") and fault.endswith("put in or displaced")


@given(chains.filter(bool), st.data())
def test_any_that_is_taken_away_is_found(lines, data):
    at = data.draw(st.integers(0, len(lines) - 1))
    found = faults([*lines[:at], *lines[at + 1 :]], head_of(lines))
    assert any(f"3-{at + 1}" in fault for fault in found)


@given(st.permutations(range(4)), st.lists(contents, min_size=4, max_size=4, unique=True))
def test_any_other_order_is_found(order, contents):
    lines = chained(contents)
    moved = [replace(lines[old], seq=seq) for seq, old in enumerate(order, 1)]
    assert bool(faults(moved, head_of(lines))) == (list(order) != [0, 1, 2, 3])


@given(chains.filter(bool), st.data())
def test_a_chain_written_anew_differs_from_its_seal(lines, data):
    seal = head_of(lines)
    at = data.draw(st.integers(0, len(lines) - 1))
    anew = chained([*lines[:at], replace(lines[at], reason=lines[at].reason + "."),
                    *lines[at + 1 :]])  # fmt: skip
    assert faults(anew, head_of(anew)) == []
    assert "written anew" in (unlike_seal(seal, anew[-1].hash) or "")
    assert "is gone" in (unlike_seal(seal, None) or "")
    assert unlike_seal(seal, lines[-1].hash) is None
    assert unlike_seal(Head(3, 0, b""), None) is None


def test_columns_do_not_run_together():
    """What one says at its end the next does not say at its beginning."""
    line = Line(
        3, 1, NOW, "key", None, "ab", "c", "", "", "done", "", "", "", None, b"", None, "", None,
        None,
    )  # fmt: skip
    other = replace(line, principal_name="a", role="bc")
    assert digest(line, b"") != digest(other, b"")
    assert digest(line, b"") != digest(replace(line, before=b""), b"")
    assert digest(line, b"") != digest(replace(line, after=None), b"")
    assert digest(line, b"") != digest(line, b"x")


@given(st.none() | ids, ids)
def test_a_principals_entries_are_in_one_chain_and_anybodys_in_all(id, outcome):
    change = Change("store", "S1", None, None)
    entry = Entry(NOW, Actor("key", id, "x"), "store.put", change, outcome_id=outcome)
    anybody = replace(entry, actor=Actor("anybody", UUID(int=0), "anybody"))
    assert chain_of(entry) == (0 if id is None else id.int % CHAINS)
    assert chain_of(anybody) == outcome.int % CHAINS


def test_the_names_of_what_changed_are_told_once_in_order():
    change = Change("member", "x", {"b": 1, "a": 2}, {"a": 3, "c": 4})
    assert names_of(change) == "b,a,c"
    assert names_of(Change("member", "x", None, None)) == ""
