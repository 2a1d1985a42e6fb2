"""A till's circuit: when a line that failed is tried again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tessera.till.circuit import Circuit, pause_s


class Clock:
    """Seconds that somebody turns."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def cut(failures: int = 3, rest_s: float = 2.0, most_s: float = 10.0) -> tuple[Circuit, Clock]:
    clock = Clock()
    circuit = Circuit(failures, rest_s, most_s, clock)
    for _ in range(failures):
        assert circuit.allows(), "a single failure cuts nothing"
        circuit.failed()
    return circuit, clock


def test_a_cut_line_is_left_alone_then_one_looks():
    circuit, clock = cut()
    assert circuit.open and not circuit.allows()
    clock.now += 1.9
    assert not circuit.allows()
    clock.now += 0.1
    assert [circuit.allows() for _ in range(3)] == [True, False, False]
    circuit.worked()
    assert not circuit.open and [circuit.allows() for _ in range(3)] == [True] * 3


def test_each_look_in_vain_doubles_the_rest_up_to_the_most():
    circuit, clock = cut()
    rests = []
    for _ in range(5):
        rest = 0.0
        while not circuit.allows():
            clock.now, rest = clock.now + 0.5, rest + 0.5
        rests.append(rest)
        circuit.failed()
    assert rests == [2.0, 4.0, 8.0, 10.0, 10.0]


def test_who_looks_and_never_comes_back_stops_nobody_for_ever():
    circuit, clock = cut()
    clock.now += 2.0
    assert circuit.allows() and not circuit.allows()
    clock.now += 10.0
    assert circuit.allows()


def test_what_the_server_asks_to_wait_is_waited():
    circuit, clock = cut()
    clock.now += 2.0
    assert circuit.allows()
    circuit.failed(wait_s=60.0)
    clock.now += 59.9
    assert not circuit.allows()
    clock.now += 0.1
    assert circuit.allows()


@given(st.lists(st.booleans(), max_size=30))
def test_only_failures_in_a_row_cut(answers):
    clock = Clock()
    circuit, row = Circuit(3, 1.0, 1.0, clock), 0
    for good in answers:
        row = 0 if good else row + 1
        (circuit.worked if good else circuit.failed)()
        assert circuit.open is (row >= 3)


@given(st.integers(0, 60), st.integers(0, 30))
def test_a_pause_is_what_is_asked_and_a_bounded_chance_more(attempt, least_s):
    assert least_s <= pause_s(attempt, least_s) <= least_s + 5.0
