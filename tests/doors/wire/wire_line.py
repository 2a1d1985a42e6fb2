"""One connection written and read byte by byte, to sites with and without the short way."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import uvicorn

from support import api as shops
from tessera.doors import protocol
from tessera.doors.cli.serving import config
from tessera.doors.ground import Ground, Settings

LARGE = 1024 * 1024  # bytes that a body may have


@contextmanager
def shop_of_known_keys(server: str, template: str) -> Iterator[shops.Api]:
    """A shop whose keys are looked up once and known all the time."""
    with pytest.MonkeyPatch.context() as patch, shops.fresh(server, template) as shop:
        patch.setattr("tessera.doors.gate.REMEMBER_S", 600.0)
        yield shop


@contextmanager
def greeted(api: shops.Api) -> Iterator[Site]:
    """A site of that shop that knows its keys."""
    with serving(api.dsn) as site:
        with Line(site.port) as line:
            for token in (api.till, api.other, api.admin):
                line.send(asked(token, b"")).hear()
        yield site


def noted(monkeypatch: pytest.MonkeyPatch) -> list[protocol.Short]:
    """The requests that take the short way from now on."""
    taken: list[protocol.Short] = []
    finish = protocol.ShortProtocol._finish

    def note(self: protocol.ShortProtocol, short: protocol.Short) -> None:
        taken.append(short)
        finish(self, short)

    monkeypatch.setattr(protocol.ShortProtocol, "_finish", note)
    return taken


@contextmanager
def serving(dsn: str, http: Any = protocol.ShortProtocol, keep_alive_s: int = 75) -> Iterator[Site]:
    """The site over this database with that protocol."""
    how = config(Ground(Settings(Path("/nonexistent"), dsn), dsn, None), "127.0.0.1", 0)
    how.http, how.timeout_keep_alive = http, keep_alive_s
    site = Site(uvicorn.Server(how))
    site.thread.start()
    try:
        while not site.server.started:
            assert site.thread.is_alive(), "the site did not start"
            time.sleep(0.01)
        yield site
    finally:
        site.server.should_exit = True
        site.thread.join(15)


@dataclass
class Site:
    """A running server in a thread of this process."""

    server: uvicorn.Server
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self.server.run, name="site")

    @property
    def port(self) -> int:
        return self.server.servers[0].sockets[0].getsockname()[1]


@dataclass(frozen=True)
class Heard:
    """An answer as it came, its head in order."""

    status: int
    head: tuple[str, ...]
    body: bytes

    @property
    def steady(self) -> tuple[int, list[str], bytes]:
        """Without the number that the clock decides and the one by which the log knows the call."""
        others = ("ratelimit-remaining: ", "x-request-id: ")
        head = [line for line in self.head if not line.startswith(others)]
        return self.status, head, self.body

    @property
    def said(self) -> Any:
        return json.loads(self.body)


class Line:
    """One connection, written and read byte by byte."""

    def __init__(self, port: int) -> None:
        self.link = socket.create_connection(("127.0.0.1", port), 10)
        self._read = b""

    def send(self, *parts: bytes) -> Line:
        for part in parts:
            self.link.sendall(part)
            if len(parts) > 1:
                time.sleep(0.05)
        return self

    def hear(self, *, bodiless: bool = False) -> Heard:
        """The next answer; `bodiless` after HEAD."""
        while b"\r\n\r\n" not in self._read:
            self._more()
        raw, _, self._read = self._read.partition(b"\r\n\r\n")
        first, *head = raw.decode("latin-1").split("\r\n")
        sizes = [int(line.split(": ")[1]) for line in head if line.startswith("content-length")]
        size = sizes[0] if sizes and not bodiless else 0
        while len(self._read) < size:
            self._more()
        body, self._read = self._read[:size], self._read[size:]
        assert first.startswith("HTTP/1.1 "), first
        return Heard(int(first.split()[1]), tuple(head), body)

    def ended(self, within_s: float = 5.0) -> bool:
        """Whether the server closes the connection, and has said all."""
        self.link.settimeout(within_s)
        try:
            return self._read == b"" and self.link.recv(1) == b""
        except TimeoutError:
            return False

    def _more(self) -> None:
        more = self.link.recv(65536)
        assert more, f"the connection ended after {self._read!r}"
        self._read += more

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.link.close()


def asked(
    token: str, body: Any, *, first: str = "POST /v1/receipts HTTP/1.1", key: str | None = "",
    **more: str,
) -> bytes:  # fmt: skip
    """A request's bytes; a header in `more` replaces ours, "" takes it away."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = {"Host": "t", "Authorization": f"Bearer {token}", "Content-Type": "application/json",
            "Content-Length": str(len(raw))}  # fmt: skip
    if key is not None:
        head["Idempotency-Key"] = key or uuid4().hex
    head |= {name.replace("_", "-"): value for name, value in more.items()}
    lines = [first, *(f"{name}: {value}" for name, value in head.items() if value)]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + raw


def chunked(token: str, body: bytes, size: int, **more: str) -> bytes:
    """The same with its body in chunks."""
    whole = asked(token, body, Content_Length="", Transfer_Encoding="chunked", **more)
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    said = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return whole[: -len(body)] + said + b"0\r\n\r\n"


@contextmanager
def nothing_settles(dsn: str) -> Iterator[None]:
    """The writer waits for a lock as long as this lasts."""
    with psycopg.connect(dsn) as conn:
        conn.execute("LOCK TABLE checkout.receipt IN ACCESS EXCLUSIVE MODE")
        yield
        conn.rollback()
