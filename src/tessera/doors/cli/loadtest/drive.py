"""Receipts sent over HTTP at moments that do not wait for answers, and the times these took.

Open loop: arrivals are drawn beforehand, as customers come, and a latency counts from the moment
at which a receipt was due, also when no connection was free to send it. A slow answer therefore
delays nobody's clock (no coordinated omission). Without a rate it is a closed loop: each connection
sends again when it was answered, which finds out how much can be answered at all.
"""

from __future__ import annotations

import random
import select
import socket
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_QUIET = 500.0  # arrivals a second below which the clock is watched to less than a millisecond
_AT_ONCE = 100  # connections opened in a row
_GRACE_S = 10.0  # for answers after the last arrival


@dataclass
class Load:
    """What was measured. Latencies are in seconds.

    accepted  latencies of answers 201; shed: of answers 503; others: how many of which status
    due       receipts that were to be sent; unsent: of them, as no connection was free in time
    unanswered  sent, and nothing was heard
    seconds   until the last one was accepted: what waited when arrivals ended counts, and its time
    """

    due: int = 0
    accepted: array[float] = field(default_factory=lambda: array("d"), repr=False)
    shed: array[float] = field(default_factory=lambda: array("d"), repr=False)
    others: dict[int, int] = field(default_factory=dict)
    unsent: int = 0
    unanswered: int = 0
    seconds: float = 0.0

    @property
    def per_s(self) -> float:
        """Receipts accepted a second."""
        return len(self.accepted) / self.seconds if self.seconds else 0.0

    def add(self, status: int, took_s: float) -> None:
        """One answer."""
        if status == 201:
            self.accepted.append(took_s)
        elif status == 503:
            self.shed.append(took_s)
        else:
            self.others[status] = self.others.get(status, 0) + 1


def percentile_ms(latencies: array[float], share: float) -> float:
    """A latency in milliseconds; 0 if there are none."""
    if not latencies:
        return 0.0
    ordered = sorted(latencies)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


@dataclass
class Link:
    """A connection: the moment its receipt was due, and what has come of the answer."""

    socket: socket.socket
    due: float = 0.0
    heard: bytes = b""


class Driver:
    """One run over at most `links` connections to `port`.

    requests  the bytes of receipts; rate: arrivals a second, None: as fast as answers come
    tell      told each second: the second's number and what was measured in it
    """

    def __init__(
        self, port: int, requests: Iterator[bytes], links: int, rate: float | None, seed: int
    ) -> None:  # fmt: skip
        self._port, self._requests, self._most, self._rate = port, requests, links, rate
        self._chance = random.Random(seed)
        self._poll = select.epoll()
        self._links: dict[int, Link] = {}
        self._idle: list[Link] = []
        self._due: deque[float] = deque()
        self._load = self._second = Load()
        self._last = 0.0  # when a receipt was accepted

    def run(self, seconds: float, tell: Callable[[int, Load], None] | None = None) -> Load:
        """Send for that long and wait for the answers. Errors: OSError, the server is not there.

        The connections are opened before the clock runs, as those of tills are.
        """
        for number in range(self._most):
            if number % _AT_ONCE == _AT_ONCE - 1:
                time.sleep(0.05)  # a server's full backlog makes a connection seconds late, unseen
            self._idle.append(self._open())
        began = self._last = time.perf_counter()
        end, coming = began + seconds, began
        self._load, self._second, number = Load(), Load(), 1
        try:
            while (now := time.perf_counter()) < end:
                if self._rate is None:
                    self._due.extend([now] * len(self._idle))
                while self._rate is not None and coming <= now:
                    self._due.append(coming)
                    coming += self._chance.expovariate(self._rate)
                self._send()
                self._hear(min(coming if self._rate else end, end) - time.perf_counter())
                if now >= began + number:
                    if tell is not None:
                        tell(number, self._second)
                    self._second, number = Load(), number + 1
            self._wait(end + _GRACE_S)
            self._load.seconds = self._last - began
            return self._load
        finally:
            for link in self._links.values():
                link.socket.close()
            self._poll.close()

    def _wait(self, until: float) -> None:
        """For what is on its way; what was due and not sent when it was over, is not sent."""
        self._load.unsent = len(self._due)
        self._load.due += len(self._due)
        self._due.clear()
        while len(self._idle) < len(self._links) and time.perf_counter() < until:
            self._hear(0.1)
        self._load.unanswered = len(self._links) - len(self._idle)

    def _send(self) -> None:
        """What is due, as long as a connection is free."""
        while self._due and self._idle:
            link = self._idle.pop()
            link.due, link.heard = self._due.popleft(), b""
            link.socket.sendall(next(self._requests))
            self._load.due += 1
            self._second.due += 1

    def _open(self) -> Link:
        made = socket.create_connection(("127.0.0.1", self._port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._poll.register(made.fileno(), select.EPOLLIN)
        link = self._links[made.fileno()] = Link(made)
        return link

    def _hear(self, wait_s: float) -> None:
        """Take the answers that have come; where arrivals are rare the wait ends a little early."""
        if self._rate is not None and self._rate < _QUIET:
            wait_s = int(wait_s * 1000) / 1000
        for number, _ in self._poll.poll(max(wait_s, 0.0)):
            link = self._links[number]
            piece = link.socket.recv(65536)
            if not piece:
                raise ConnectionError("the server closed a connection")
            link.heard += piece
            if _whole(link.heard):
                now = time.perf_counter()
                status, took_s = int(link.heard[9:12]), now - link.due
                self._last = now if status == 201 else self._last
                self._load.add(status, took_s)
                self._second.add(status, took_s)
                self._idle.append(link)


def _whole(answer: bytes) -> bool:
    """Whether the length that the head announces is there."""
    body = answer.find(b"\r\n\r\n") + 4
    if body < 4:
        return False
    at = answer.find(b"content-length: ", 0, body) + 16
    return len(answer) - body >= int(answer[at : answer.find(b"\r\n", at)])


def drive(
    port: int, requests: Iterator[bytes], *, links: int, seconds: float,
    rate: float | None = None, seed: int = 0, tell: Callable[[int, Load], None] | None = None,
) -> Load:  # fmt: skip
    """One run; see `Driver`."""
    return Driver(port, requests, links, rate, seed).run(seconds, tell)
