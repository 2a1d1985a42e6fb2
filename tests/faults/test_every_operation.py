"""No operation that writes is left out of the drills, and what is left out has its reason."""

from __future__ import annotations

from faults.crawled import ASKS, CRAWLED, NOT_DRILLED, WRITING
from faults.operations import OPERATIONS
from faults.staged import AGAIN, COUNTED, NOTED, STAGED
from support.makes import REFUSED
from tessera.doors.till import OPERATIONS as TABLE

KINDS = {each.name: each.kind for each in TABLE}


def test_what_writes_is_drilled():
    """A new operation is: its call is the crawler's. One that cannot succeed so needs a stage."""
    refused = set(REFUSED) & set(CRAWLED) - set(STAGED)
    assert not refused, "the crawler's call is refused: write one that is not into staged.py"
    assert set(WRITING) == set(CRAWLED) | set(NOT_DRILLED)
    assert not set(CRAWLED) & set(OPERATIONS), "scenes have names of their own"


def test_exceptions_are_few_and_of_today():
    assert set(STAGED) | set(AGAIN) | NOTED | COUNTED <= set(CRAWLED)
    assert set(NOT_DRILLED) <= set(WRITING) and set(ASKS) <= set(KINDS)
    assert all(NOT_DRILLED.values()) and len(NOT_DRILLED) <= 21
    keyed = {name for name in NOT_DRILLED if KINDS[name] == "writes"}
    assert keyed == {"task.ask"}, "what takes a key is drilled"


def test_what_only_asks_writes_nothing():
    assert {KINDS[name] for name in ASKS} == {"reads"}


def test_what_has_no_key_is_what_says_so():
    """With a key a repeat gets the first answer: nothing else is to be said of it."""
    assert {name for name in AGAIN if KINDS[name] == "writes"} == set()
