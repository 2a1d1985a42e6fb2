"""Leaked passwords are tried in bulk; who works here comes in meanwhile."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest

from faults.drill import say
from support import api as shops
from support import database
from support.api import Api
from tessera.access.signing import flows
from tessera.access.signing.core import limits

PEOPLE, GOOD = 20, "maple tram violet ox"
HIT_EVERY = 500  # of the leaked passwords one in so many is right: a good list
LOOKED_AT_MOST = 40  # of all tries of a network, in the hours that the long form may take


@pytest.fixture(scope="module")
def api(server, template) -> Iterator[Api]:
    name = f"tessera_api_{uuid4().hex[:12]}"
    database.make(server, name, template)
    # A password alone lets operators in, so that a right guess is a success at once.
    with shops.opened(database.at(server, name), one_factor="operator") as shop:
        yield shop
    database.drop(server, name)


@pytest.fixture(scope="module")
def people(api) -> list[str]:
    """The addresses of staff who can sign in."""

    async def invited() -> list[str]:
        emails, now = (
            [f"{n}.{uuid4().hex[:8]}@example.org" for n in range(PEOPLE)],
            datetime.now(UTC),
        )
        async with await database.connect(api.dsn) as conn:
            for email in emails:
                made = await flows.invite(conn, "Ada", email, "operator", None, None, None, now)
                assert isinstance(made, tuple)
                roles = {"operator"}
                await flows.enrol(conn, made[1], GOOD, "", roles, now)
            await conn.commit()
        return emails

    return asyncio.run(invited())


@contextmanager
def network(api: Api, address: str) -> Iterator[httpx.Client]:
    """Somebody who calls from this address of the loopback."""
    transport = httpx.HTTPTransport(local_address=address, verify=False)
    with httpx.Client(base_url=api.url, transport=transport, timeout=30) as client:
        yield client


def sign_in(client: httpx.Client, email: str, password: str = GOOD) -> int:
    body = {"email": email, "password": password}
    return client.post("/v1/sign-in", json=body).status_code


def stuffed(
    api: Api, address: str, people: list[str], tries: int, chance: random.Random
) -> Counter:
    """So many leaked pairs from one network; how often which status came back."""
    pairs = [
        (chance.choice(people), GOOD if chance.randrange(HIT_EVERY) == 0 else f"leaked {n:09}")
        if chance.random() < 0.5
        else (f"{n}@elsewhere.example", f"leaked {n:09}")
        for n in range(tries)
    ]
    with network(api, address) as client, ThreadPoolExecutor(4) as crowd:
        return Counter(crowd.map(lambda pair: sign_in(client, *pair), pairs))


def forget(api: Api) -> None:
    """Nobody has tried today."""
    api.eye.execute("DELETE FROM access.sign_in_limit")


@pytest.mark.parametrize(
    ("networks", "tries"),
    [
        pytest.param(2, 1000, marks=pytest.mark.faults),
        pytest.param(10, 10_000, marks=pytest.mark.faults_long),
    ],
)
def test_stuffing_opens_next_to_nothing_and_locks_nobody_out(api, people, networks, tries):
    forget(api)
    seed = random.randrange(2**32)
    say(f"seed {seed}")
    with network(api, "127.0.1.1") as home:
        assert sign_in(home, people[0]) == 200
    for number in range(networks):
        said = stuffed(api, f"127.2.{number + 1}.1", people, tries, random.Random(seed + number))
        assert set(said) <= {200, 403, 429, 503} and sum(said.values()) == tries
        say(f"network {number + 1}: {dict(said)}")
        assert said[200] <= 1, "one success in ten thousand tries of a network"
        assert said[200] + said[403] <= LOOKED_AT_MOST, "the rest was not looked at"
        with network(api, f"127.0.3.{number + 1}") as elsewhere:
            assert [sign_in(elsewhere, each) for each in people[:5]] == [200] * 5
    kept = api.eye.execute("SELECT count(*) FROM access.sign_in_limit").fetchone()[0]
    assert kept <= networks * (2 * LOOKED_AT_MOST + 6) + 10, "what is not looked at is not kept"


@pytest.mark.faults
def test_one_account_tried_from_everywhere_still_opens_for_its_owner(api, people):
    """Thirty networks, a few tries each: the owner's own network and a new one are let in."""
    forget(api)
    owner, home = people[1], "127.0.4.1"
    with network(api, home) as client:
        assert sign_in(client, owner) == 200
    for number in range(30):
        with network(api, f"127.5.{number + 1}.1") as other:
            for n in range(3):
                assert sign_in(other, owner, f"leaked {n:09}") == 403
    for address in (home, "127.0.4.2"):
        with network(api, address) as client:
            assert sign_in(client, owner) == 200, address


@pytest.mark.faults
def test_a_stuffed_network_lets_in_those_who_are_at_home_there(api, people):
    forget(api)
    address = "127.0.6.1"
    with network(api, address) as client:
        assert sign_in(client, people[2]) == 200
        stuffed(api, address, people[3:], 200, random.Random(1))
        assert sign_in(client, people[4]) == 429, "a stranger to this network waits"
        assert sign_in(client, people[2]) == 200


@pytest.mark.faults
def test_tries_at_the_same_moment_are_counted_one_by_one(api, people):
    """However many come at once: not one more is looked at than is free."""
    forget(api)
    with network(api, "127.0.7.1") as client, ThreadPoolExecutor(30) as crowd:
        said = Counter(crowd.map(lambda n: sign_in(client, people[5], f"leaked {n:09}"), range(60)))
    assert said[403] <= limits.ACCOUNT.free + 3 and said[403] + said[429] + said[503] == 60
