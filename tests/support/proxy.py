"""A proxy before PostgreSQL that counts the messages of a client and strikes at a chosen one.

It runs in a thread of its own, so it works for a house in the test's process as for a served one.
What was forwarded is always processed: the server's side is closed gently, after the last byte.
"""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from psycopg.conninfo import conninfo_to_dict, make_conninfo

_FIRST = struct.Struct(">I")
_BODY = struct.Struct(">cI")


class Link:
    """One client and its connection to the server."""

    def __init__(self, proxy: Proxy, till: asyncio.StreamWriter, server: asyncio.StreamWriter):
        self.proxy, self.till, self.server = proxy, till, server
        self.kept = b""
        self.begun = self.dead = False

    def take(self, data: bytes) -> None:
        """Forward the whole messages in what came; the rest waits for more."""
        self.kept += data
        while not self.dead and (message := self._next()) is not None:
            self.proxy.message(self, message)

    def _next(self) -> bytes | None:
        """The next whole message; the first one of a connection has no letter before its length."""
        if not self.begun:
            size = _FIRST.unpack_from(self.kept)[0] if len(self.kept) >= 4 else 1 << 30
        else:
            size = _BODY.unpack_from(self.kept)[1] + 1 if len(self.kept) >= 5 else 1 << 30
        if len(self.kept) < size:
            return None
        message, self.kept = self.kept[:size], self.kept[size:]
        self.begun = True
        return message

    def cut(self) -> None:
        """The client hears nothing more; the server ends after what it was given."""
        self.dead = True
        self.till.transport.abort()
        with suppress(OSError, RuntimeError):
            self.server.write_eof()


class Proxy:
    """Stands between an application and PostgreSQL.

    dsn    where the application connects
    count  messages of clients since `arm`; `kinds` their letters
    fired  set once it has struck
    """

    def __init__(self, dsn: str) -> None:
        self._told = conninfo_to_dict(dsn)
        self._loop = asyncio.new_event_loop()
        self._links: set[Link] = set()
        self._at: int | None = None
        self._after = self._commit = self._committing = self._all = False
        self._strike: Callable[[], None] | None = None
        self.count, self.kinds = 0, ""
        self.fired = threading.Event()
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        ready.wait(10)
        self.dsn = make_conninfo(
            dsn, host="127.0.0.1", port=self.port, sslmode="disable", gssencmode="disable"
        )

    def arm(
        self,
        at: int | None,
        *,
        after: bool = False,
        commit: bool = False,
        strike: Callable[[], None] | None = None,
    ) -> None:
        """Strike before (or after) forwarding the message `at`, or right after the first COMMIT.

        strike  what happens besides; with one, all connections die, else only that message's
        """
        self.fired.clear()
        self.count, self.kinds, self._committing = 0, "", False
        self._after, self._commit, self._strike = after, commit, strike
        self._at = at if not commit else 0

    def disarm(self) -> bool:
        """Only forward from now on; whether it had struck."""
        if self._at is None:
            self.fired.wait(10)  # it is striking: a caller may hear of it before it is done
        self._at = None
        return self.fired.is_set()

    def cut_all(self) -> None:
        """Every connection dies now."""
        self._loop.call_soon_threadsafe(self._cut_all)

    def close(self) -> None:
        """No connections any more."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def message(self, link: Link, message: bytes) -> None:
        """Forward a client's message, unless it is the one to strike at."""
        if self._at is None:
            link.server.write(message)
            return
        self.count += 1
        self.kinds += chr(message[0])
        hit = self._is_commit(message) if self._commit else self.count == self._at
        if not hit or self._after or self._commit:
            link.server.write(message)
        if hit:
            self._at = None
            self._fire(link)

    def _is_commit(self, message: bytes) -> bool:
        """Whether the server commits with this message: a COMMIT whole, up to its sync."""
        if b"COMMIT" in message and message[:1] in b"PQ":
            self._committing = True
            return message[:1] == b"Q"
        return self._committing and message[:1] == b"S"

    def _fire(self, link: Link) -> None:
        if self._strike is not None:
            self._strike()
            self._cut_all()
        else:
            link.cut()
        self.fired.set()

    def _cut_all(self) -> None:
        for link in list(self._links):
            link.cut()

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        listening = self._loop.run_until_complete(
            asyncio.start_server(self._meet, "127.0.0.1", 0, backlog=512)
        )
        self.port = listening.sockets[0].getsockname()[1]
        ready.set()
        self._loop.run_forever()
        listening.close()
        for link in list(self._links):
            link.cut()
            link.server.transport.abort()
        if tasks := asyncio.all_tasks(self._loop):
            self._loop.run_until_complete(asyncio.wait(tasks, timeout=5))
        self._loop.run_until_complete(asyncio.sleep(0.01))  # transports end in the next turn
        self._loop.close()

    async def _meet(self, reader: asyncio.StreamReader, till: asyncio.StreamWriter) -> None:
        host, port = str(self._told.get("host") or "127.0.0.1"), self._told.get("port") or 5432
        try:
            if host.startswith("/"):
                back, server = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
            else:
                back, server = await asyncio.open_connection(host, int(port))
        except OSError:
            till.transport.abort()
            return
        link = Link(self, till, server)
        self._links.add(link)
        answers = asyncio.create_task(self._answers(link, back))
        try:
            while not link.dead and (data := await reader.read(65536)):
                link.take(data)
        except OSError:
            pass
        finally:
            with suppress(OSError, RuntimeError):
                server.write_eof()
            await answers

    async def _answers(self, link: Link, back: asyncio.StreamReader) -> None:
        """The server's words go to the client while it lives; then they are drained."""
        try:
            while data := await back.read(65536):
                if not link.dead:
                    link.till.write(data)
        except OSError:
            pass
        finally:
            self._links.discard(link)
            link.server.transport.abort()
            if not link.dead:
                link.till.close()


@contextmanager
def proxied(dsn: str) -> Iterator[Proxy]:
    """A proxy before this database."""
    proxy = Proxy(dsn)
    try:
        yield proxy
    finally:
        proxy.close()
