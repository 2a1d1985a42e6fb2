"""What Prometheus is told is what happened, and only on the address it was given."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from support import api as shops
from tessera.doors.ground import Ground, Settings

Read = Callable[..., float]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def figures(port: int) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """{(name, labels): value} of everything that is told."""
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def counted(dsn):
    """A shop, and how much a figure has grown since it was opened."""
    port = free_port()
    with shops.opened(dsn, metrics_port=port) as api:
        before = figures(port)

        def grown(name: str, **labels: str) -> float:
            key = (name, frozenset(labels.items()))
            return figures(port).get(key, 0.0) - before.get(key, 0.0)

        yield api, grown, port


def test_calls_refusals_replays_and_points_are_counted_once(counted):
    api, grown, _ = counted
    basket = api.basket()
    first = api.post("/v1/receipts", basket, key="a").json()
    assert api.post("/v1/receipts", basket, key="a").headers["idempotent-replayed"] == "true"
    second = api.post("/v1/receipts", api.basket()).json()
    assert api.post("/v1/receipts", api.basket(currency="USD")).status_code == 422
    assert api.post("/v1/receipts", api.basket(), token="").status_code == 401

    confirm = {"operation": "receipt.confirm"}
    assert grown("tessera_calls_total", **confirm, status="201") == 3
    assert grown("tessera_calls_total", **confirm, status="422") == 1
    assert grown("tessera_calls_total", **confirm, status="401") == 1
    assert grown("tessera_call_seconds_count", **confirm) == 5
    assert grown("tessera_refusals_total", code="not_signed_in") == 1
    assert grown("tessera_replays_total") == 1
    earned = first["points_earned"] + second["points_earned"]
    assert earned > 0
    assert grown("tessera_points_moved_total", source="issued", target="active") == earned
    assert grown("tessera_batch_jobs_sum") == grown("tessera_queue_seconds_count") == 4


def test_where_the_house_stands_is_told(counted):
    api, _, port = counted
    assert api.call("GET", "/v1/program").status_code == 200
    now = figures(port)
    assert now["tessera_database_up", frozenset()] == now["tessera_ready", frozenset()] == 1
    assert now["tessera_lanes_up", frozenset()] == now["tessera_lanes", frozenset()] == 2
    assert now["tessera_queue_jobs", frozenset()] == 0
    for pool in ("till", "gate", "cabinet", "desk", "console", "upkeep"):
        assert now["tessera_pool_waiting", frozenset({("pool", pool)})] == 0
    assert now["tessera_pool_connections", frozenset({("pool", "till")})] >= 1
    assert now["tessera_sweeper_seconds", frozenset({("work", "refresh")})] < 60


def test_the_api_itself_tells_no_figures(counted):
    api, _, _ = counted
    for address in ("/metrics", "/v1/metrics"):
        assert api.client.get(address).status_code == 404


def test_a_second_process_takes_the_next_port(counted, dsn, tmp_path):
    _, _, port = counted

    async def scene() -> None:
        from tessera.doors.metrics import listen

        base = Ground(Settings(tmp_path, database_url=dsn), dsn, None)
        async with base.house() as house:
            second = listen(house, "127.0.0.1", port)
            assert second is not None and second.port != port
            try:
                told = await asyncio.to_thread(figures, second.port)
                assert told["tessera_ready", frozenset()] == 1
            finally:
                second.close()

    asyncio.run(scene())
