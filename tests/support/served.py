"""`tessera serve` as a process of its own that may be killed, and a till that talks to it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer as it came. status 0: the connection ended without one."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        """The body, parsed."""
        return msgspec.json.decode(self.body)

    @property
    def replayed(self) -> bool:
        return self.headers.get("idempotent-replayed") == "true"


NOTHING = Heard(0, {}, b"")


def request(method: str, path: str, token: str, body: Any, key: str, caller: str = "") -> bytes:
    """A request's bytes; the connection stays open.

    caller  the address of who calls, as a proxy on this machine tells it
    """
    raw = b"" if body is None else msgspec.json.encode(body)
    head = f"{method} {path} HTTP/1.1\r\nhost: tessera\r\ncontent-length: {len(raw)}\r\n"
    if token:
        head += f"authorization: Bearer {token}\r\n"
    if key:
        head += f"idempotency-key: {key}\r\n"
    if caller:
        head += f"x-forwarded-for: {caller}\r\n"
    return f"{head}\r\n".encode() + raw


class Till:
    """One keep-alive connection to the served application; a new one when that was lost."""

    def __init__(self, served: Served, token: str) -> None:
        self.served, self.token, self.caller = served, token, ""
        self._link: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(
        self, method: str, path: str, body: Any = None, key: str = "", token: str | None = None
    ) -> Heard:
        """One call; NOTHING if the process or the connection ended before the answer."""
        token = self.token if token is None else token
        try:
            if self._link is None:
                self._link = await asyncio.open_connection("127.0.0.1", self.served.port)
            reader, writer = self._link
            writer.write(request(method, path, token, body, key, self.caller))
            return await asyncio.wait_for(_heard(reader), 30)
        except (OSError, EOFError):
            self.close()
            return NOTHING

    def close(self) -> None:
        if self._link is not None:
            self._link[1].transport.abort()
            self._link = None


async def _heard(reader: asyncio.StreamReader) -> Heard:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines if line)
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Heard(int(first.split()[1]), headers, body)


class Served:
    """The process. It lies over a data directory, or over a database of yours.

    source  the src folder of another release to be served instead of this one
    """

    def __init__(self, data_dir: Path, dsn: str | None = None, source: Path | None = None) -> None:
        self.port = _free_port()
        own = {"TESSERA_DATABASE_URL": dsn} if dsn else {}
        own |= {"PYTHONPATH": str(source)} if source else {}
        self._env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("TESSERA_")}, **own,
            "TESSERA_DATA_DIR": str(data_dir), "TESSERA_PORT": str(self.port),
        }  # fmt: skip
        self._process: Any = None  # a Popen, or what answers like one
        self.log = data_dir / f"served-{self.port}.log"

    def start(self, *, wait: bool = True) -> Served:
        """Start it; ready when this returns, unless that is not waited for."""
        self._process = self._begin()
        if wait:
            self.await_ready()
        return self

    def _begin(self) -> Any:
        command = [str(Path(sys.executable).with_name("tessera")), "serve"]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, env=self._env, stdout=log, stderr=log)

    def await_ready(self, limit_s: float = 60.0) -> None:
        """Until it says so itself."""
        assert self._process is not None
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"tessera serve ended: {self.log.read_text()[-2000:]}")
            if self._ready():
                return
            time.sleep(0.01)
        raise RuntimeError(f"tessera serve did not get ready: {self.log.read_text()[-2000:]}")

    def _ready(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as link:
            link.sendall(request("GET", "/ready", "", None, ""))
            return link.recv(4096).startswith(b"HTTP/1.1 200")
        return False

    def kill(self) -> None:
        """SIGKILL: no word, no tidying up."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)

    def restart(self, *, wait: bool = True) -> None:
        """Start it again on the same port after it was killed."""
        assert self._process is not None
        self._process.wait(10)
        self.start(wait=wait)

    def stop(self) -> None:
        """End it as a service manager does."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)


def _free_port() -> int:
    """A port that nobody listens on, low enough that no outgoing connection takes it meanwhile.

    Each process has a hundred of its own: a server that is killed here has to find its port again.
    """
    for port in range(20_000 + os.getpid() % 120 * 100, 32_000):
        if port not in _GIVEN:
            with suppress(OSError), socket.socket() as free:
                free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                free.bind(("127.0.0.1", port))
                _GIVEN.add(port)
                return port
    raise RuntimeError("no port is free")


_GIVEN: set[int] = set()
