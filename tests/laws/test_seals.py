"""A seal tells when it was changed, and is good up to where a crash cut it short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tessera.ledger.seals.core import Head, block, blocks, fresh

HEADS = st.lists(
    st.builds(Head, st.uuids(), st.integers(1, 2**40), st.binary(min_size=32, max_size=32)),
    max_size=4,
)
FILES = st.lists(HEADS, min_size=1, max_size=4)


def written(parts: list[list[Head]]) -> bytes:
    """A file of these blocks."""
    text, digest = b"", b""
    for n, heads in enumerate(parts):
        more, digest = block(digest, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=n), heads)
        text += more
    return text


def read(text: bytes) -> list[list[Head]]:
    return [list(each.heads) for each in blocks(text.splitlines(keepends=True))]


@given(FILES)
def test_what_was_written_is_read(parts):
    assert read(written(parts)) == parts
    assert sum(each.size for each in blocks(written(parts).splitlines(keepends=True))) == len(
        written(parts)
    )


@given(FILES, st.data())
def test_a_seal_that_was_cut_short_is_good_up_to_there(parts, data):
    text = written(parts)
    cut = data.draw(st.integers(0, len(text)))
    found = read(text[:cut])
    assert found == parts[: len(found)]


@given(FILES, st.data())
def test_one_byte_is_enough_to_refuse_a_seal(parts, data):
    text = written(parts)
    at = data.draw(st.integers(0, len(text) - 2))  # the last line end may be missing: cut short
    other = data.draw(st.integers(0, 255))
    assume(other != text[at])
    changed = text[:at] + bytes([other]) + text[at + 1 :]
    try:
        found = read(changed)
    except ValueError:
        return
    assert found == parts[: len(found)] and len(found) < len(parts), "at most its end is lost"


@given(HEADS, HEADS, HEADS)
def test_a_block_cannot_be_left_out(one, two, three):
    assume(two)
    texts, digest = [], b""
    for heads in (one, two, three):
        text, digest = block(digest, datetime(2026, 1, 1, tzinfo=UTC), heads)
        texts.append(text)
    with pytest.raises(ValueError, match="before it"):
        read(texts[0] + texts[2])


@given(HEADS)
def test_what_was_sealed_is_not_sealed_again(heads):
    sealed: dict = {}
    first = fresh(heads, sealed)
    assert fresh(heads, sealed) == []
    newest = {
        head.wallet_id: max(h.seq for h in heads if h.wallet_id == head.wallet_id) for head in heads
    }
    assert {head.wallet_id: head.seq for head in first} == newest or len(first) >= len(newest)
