"""What was counted, for Prometheus: on an address of its own, rendered when it is asked for.

The address is the loopback one unless a setting says otherwise. A port of its own needs no key in
the scraper's files, and no proxy that publishes the API publishes it by mistake. Each process of
`--workers` counts for itself and takes the next free port.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from tessera.base.problem import PostgresProblem
from tessera.doors.health import readiness
from tessera.doors.house import House
from tessera.doors.tally import Histogram

PORTS = 64  # processes of one service that find a port


class Listener:
    """The address while it is open."""

    def __init__(self, server: WSGIServer, thread: Thread) -> None:
        self._server, self._thread = server, thread
        self.port = server.server_port

    def close(self) -> None:
        """Let go of the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def listen(house: House, host: str, port: int | None) -> Listener | None:
    """Answer on the first free port from `port` on; None: nowhere.

    errors  PostgresProblem metrics_port_taken
    """
    if port is None:
        return None
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(house))
    for each in range(port, min(port + PORTS, 65536)):
        try:
            return Listener(*start_http_server(each, host, registry))
        except OSError as taken:
            if taken.errno != errno.EADDRINUSE:
                raise
    raise PostgresProblem(
        "metrics_port_taken", "TESSERA_METRICS_PORT", f"no port from {port} on is free",
        "name another one",
    )  # fmt: skip


class Figures(Collector):
    """The house's tally and where it stands at this moment."""

    def __init__(self, house: House) -> None:
        self._house = house

    def collect(self) -> Iterator[Metric]:
        """All families; read from another thread, so every dict is copied before it is walked."""
        yield from self._calls()
        yield from self._writer()
        yield from self._state()
        yield from self._pools()

    def _calls(self) -> Iterator[Metric]:
        tally = self._house.tally
        calls = CounterMetricFamily(
            "tessera_calls", "Calls answered", labels=["operation", "status"]
        )
        seconds = HistogramMetricFamily(
            "tessera_call_seconds", "Seconds until the answer", labels=["operation"]
        )
        for name, each in list(tally.calls.items()):
            for status, count in list(each.statuses.items()):
                calls.add_metric([name, str(status)], count)
            seconds.add_metric([name], *_buckets(each.seconds))
        yield calls
        yield seconds
        yield _counter("tessera_refusals", "Refusals", "code", dict(tally.refusals))
        yield _counter("tessera_sheds", "Calls turned away unheard", "full", dict(tally.sheds))
        yield CounterMetricFamily("tessera_replays", "Answers given again", tally.replays)
        points = CounterMetricFamily(
            "tessera_points_moved", "Points moved by posted operations", labels=["source", "target"]
        )
        for pair, count in list(tally.points.items()):
            points.add_metric(pair, count)
        yield points

    def _writer(self) -> Iterator[Metric]:
        tally, writer = self._house.tally, self._house.writer
        for name, what, histogram in (
            ("tessera_batch_jobs", "Jobs of a batch", tally.sizes),
            ("tessera_settle_seconds", "Seconds a batch took", tally.settles),
            ("tessera_queue_seconds", "Seconds a job waited for a lane", tally.waits),
        ):
            family = HistogramMetricFamily(name, what)
            family.add_metric([], *_buckets(histogram))
            yield family
        yield GaugeMetricFamily("tessera_queue_jobs", "Jobs that wait for a lane", writer.queued)
        yield GaugeMetricFamily("tessera_queue_most", "Jobs that may wait now", writer.most)
        yield GaugeMetricFamily("tessera_lanes_up", "Lanes with a connection", writer.up)
        yield GaugeMetricFamily("tessera_lanes", "Lanes", writer.lanes)

    def _state(self) -> Iterator[Metric]:
        house, now = self._house, time.monotonic()
        told = readiness(house, is_open=True)
        up = "database" not in told.missing
        yield GaugeMetricFamily("tessera_database_up", "Whether it answers", int(up))
        yield GaugeMetricFamily("tessera_ready", "Whether calls can be served",
                                int(told.status == "ready"))  # fmt: skip
        lags = GaugeMetricFamily(
            "tessera_sweeper_seconds", "Seconds since it last came to its end", labels=["work"]
        )
        for name, at in list(house.worked.items()):
            lags.add_metric([name], now - at)
        yield lags

    def _pools(self) -> Iterator[Metric]:
        size = GaugeMetricFamily("tessera_pool_connections", "Connections", labels=["pool"])
        used = GaugeMetricFamily("tessera_pool_in_use", "Connections in use", labels=["pool"])
        waiting = GaugeMetricFamily("tessera_pool_waiting", "Callers that wait", labels=["pool"])
        for pool in self._house.pools:
            stats = pool.get_stats()
            count, free = stats.get("pool_size", 0), stats.get("pool_available", 0)
            size.add_metric([pool.name], count)
            used.add_metric([pool.name], count - free)
            waiting.add_metric([pool.name], pool.waiting)
        yield from (size, used, waiting)


def _counter(name: str, what: str, label: str, counts: dict[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, what, labels=[label])
    for word, count in counts.items():
        family.add_metric([word], count)
    return family


def _buckets(histogram: Histogram) -> tuple[list[tuple[str, float]], float]:
    """Cumulative, as Prometheus wants them, and the sum of all values."""
    total, found = 0, []
    for bound, count in zip((*histogram.bounds, "+Inf"), list(histogram.counts), strict=True):
        total += count
        found.append((str(bound), float(total)))
    return found, histogram.total
