"""How often somebody may try whose a card is, from where: counted on a real server."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from support.database import connect, run
from tessera.members.joining import core, flows

NOW = datetime(2026, 11, 22, 9, 3, tzinfo=UTC)
LINE, OTHER = "2001:db8:7:{:x}::1", "2001:db8:8::1"


async def tried(conn, card: str, address: str) -> bool:
    """Whether a receipt of the card would be looked at."""
    return await flows.take_try(conn, card, address, NOW) is None


@pytest.mark.parametrize("line", [LINE, "10.0.7.{}"])
def test_a_line_of_many_networks_tries_eighty_times_in_a_day(dsn, line):
    async def work():
        async with await connect(dsn) as conn:
            said = [
                await tried(conn, f"{n}.{k}", line.format(n)) for n in range(100) for k in range(9)
            ]
            assert sum(said) == core.BLOCK_TRIES
            assert await tried(conn, "99.8", OTHER), "another line is looked at"

    run(work())


def test_what_a_network_tries_too_often_its_neighbours_are_not_told_of(dsn):
    async def work():
        async with await connect(dsn) as conn:
            said = [await tried(conn, f"{n}", LINE.format(1)) for n in range(200)]
            assert sum(said) == core.NETWORK_TRIES
            assert await tried(conn, "new", LINE.format(2))

    run(work())


def test_one_line_tries_a_card_five_times_and_leaves_the_rest_to_its_holder(dsn):
    async def work():
        async with await connect(dsn) as conn:
            said = [await tried(conn, "4000", LINE.format(n)) for n in range(60)]
            assert sum(said) == core.PAIR_TRIES
            assert await tried(conn, "4000", OTHER)
            many = [await tried(conn, "4000", f"2001:db8:{n:x}::1") for n in range(100, 140)]
            assert sum(many) == core.CARD_TRIES - core.PAIR_TRIES - 1

    run(work())


def test_of_cards_never_used_a_network_gets_three_and_its_line_twelve(dsn):
    async def work():
        async with await connect(dsn) as conn:

            async def given(address: str) -> bool:
                return await flows.take_unused_here(conn, address, NOW) is None

            assert [await given(LINE.format(0)) for _ in range(50)] == [True] * 3 + [False] * 47
            said = [await given(LINE.format(n)) for n in range(1, 30) for _ in range(3)]
            assert sum(said) == core.BLOCK_UNUSED - core.NETWORK_UNUSED
            assert await given(OTHER)

    run(work())
