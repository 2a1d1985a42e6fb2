"""How long an answer takes tells nobody whether somebody is known."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from faults.drill import say
from support import api as shops
from support import database
from support.api import Api
from support.entering import GOOD, Person

PAIRS, APART = 1000, 0.05  # so far from a half the share of slower known ones may be: 4 sigmas


@pytest.fixture(scope="module")
def api(server, template, tmp_path_factory) -> Iterator[Api]:
    name = f"tessera_api_{uuid4().hex[:12]}"
    database.make(server, name, template)
    place = tmp_path_factory.mktemp("installation")
    with shops.opened(database.at(server, name), data_dir=place) as shop:
        yield shop
    database.drop(server, name)


def share(known: list[float], unknown: list[float]) -> float:
    """Of all pairs the share in which the known one took longer: a half if nothing is told.

    source  Mann and Whitney's U over the number of pairs
    """
    wins = sum((k > u) + (k == u) / 2 for k in known for u in unknown)
    return wins / (len(known) * len(unknown))


def timed(api: Api, path: str, bodies: list[tuple[bool, Any]]) -> dict[bool, list[float]]:
    """Seconds of each call, in a random order, each from a network that has not called before."""
    random.Random(20261122).shuffle(bodies)
    found: dict[bool, list[float]] = {True: [], False: []}
    for number, (known, body) in enumerate(bodies):
        transport = httpx.HTTPTransport(
            local_address=f"127.{9 + number // 250}.{number % 250}.1", verify=False
        )
        with httpx.Client(base_url=api.url, transport=transport, timeout=30) as client:
            client.get("/v1/health")  # the connection is there
            began = time.perf_counter()
            said = client.post(path, json=body)
            found[known].append(time.perf_counter() - began)
        assert said.status_code in (202, 403), said.text
    return found


def codes(api: Api) -> list[tuple[bool, Any]]:
    made: list[tuple[bool, Any]] = []
    for number in range(PAIRS):
        for known, prefix in ((True, "333"), (False, "334")):
            phone = {"kind": "phone", "value": f"+39 {prefix} {number:07d}"}
            if known:
                assert api.call("POST", "/v1/members", {"identifiers": [phone]}).is_success
            made.append((known, phone))
    return made


def passwords(api: Api) -> list[tuple[bool, Any]]:
    people = [Person(api).enrol().email for _ in range(10)]
    api.eye.execute("DELETE FROM access.sign_in_limit")
    made: list[tuple[bool, Any]] = []
    for number in range(PAIRS):
        for known, email in ((True, people[number % 10]), (False, f"{number}@example.org")):
            made.append((known, {"email": email, "password": f"{GOOD} not", "code": "123456"}))
    return made


@pytest.mark.faults_long
@pytest.mark.parametrize(
    ("path", "make"), [("/v1/sign-in/code", codes), ("/v1/sign-in", passwords)]
)
def test_the_time_of_an_answer_tells_nothing(
    api: Api, path: str, make: Callable[[Api], list[tuple[bool, Any]]]
) -> None:
    found = timed(api, path, make(api))
    told = share(found[True], found[False])
    medians = {known: sorted(each)[len(each) // 2] * 1000 for known, each in found.items()}
    say(f"{path}: known slower in {told:.3f} of pairs; medians {medians[True]:.2f} ms and"
        f" {medians[False]:.2f} ms")  # fmt: skip
    assert abs(told - 0.5) < APART
