"""Keep-alive connections that send prepared requests, one at a time each, and time the answers.

Tills have processors of their own; this load has not. So that it takes little of what is measured,
its requests are made before the clock runs.
"""

from __future__ import annotations

import itertools
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

_MOST_PER_S = 8_000  # requests made beforehand for each second; more are made when they are needed


@dataclass
class Load:
    """What was measured: answers, seconds, latencies in seconds, statuses other than wanted."""

    answered: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    others: dict[bytes, int] = field(default_factory=dict)

    @property
    def per_s(self) -> float:
        """Answers per second."""
        return self.answered / self.seconds if self.seconds else 0.0

    def percentile_ms(self, share: float) -> float:
        """A latency, in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


def drive(
    port: int, requests: Iterator[bytes], connections: int, seconds: float, wanted: bytes = b"201"
) -> Load:
    """Send from `requests` for that long, as fast as answers come. One thread, epoll."""
    load, poll = Load(), select.epoll()
    most = int(seconds * min(_MOST_PER_S, connections * 1_000))
    requests = itertools.chain(list(itertools.islice(requests, most)), requests)
    sockets: dict[int, socket.socket] = {}
    sent: dict[int, float] = {}
    for _ in range(connections):
        link = socket.create_connection(("127.0.0.1", port))
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[link.fileno()] = link
        poll.register(link.fileno(), select.EPOLLIN)
    begun = time.perf_counter()
    end = begun + seconds
    for number, link in sockets.items():
        link.sendall(next(requests))
        sent[number] = time.perf_counter()
    open_links = len(sockets)
    while open_links:
        for number, _ in poll.poll(5):
            link = sockets[number]
            answer = link.recv(65536)
            if not answer:
                raise RuntimeError("the server closed a connection")
            answer = _whole(link, answer)
            now = time.perf_counter()
            status = answer[9:12]
            if status == wanted:
                load.answered += 1
                load.latencies.append(now - sent[number])
            else:
                load.others[answer[-300:]] = load.others.get(answer[-300:], 0) + 1
            if now >= end:
                open_links -= 1
                poll.unregister(number)
                continue
            link.sendall(next(requests))
            sent[number] = now
    load.seconds = time.perf_counter() - begun
    for link in sockets.values():
        link.close()
    return load


def _whole(link: socket.socket, answer: bytes) -> bytes:
    """Read until the length that the head announces."""
    body = answer.find(b"\r\n\r\n") + 4
    at = answer.find(b"content-length: ", 0, body) + 16
    missing = body + int(answer[at : answer.find(b"\r\n", at)]) - len(answer)
    while missing > 0:
        more = link.recv(65536)
        answer += more
        missing -= len(more)
    return answer
