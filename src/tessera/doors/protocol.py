"""A short way through HTTP for the calls that wait for nothing but the writer.

uvicorn makes a scope, a cycle, an event and a task for each request, and asks twice to send an
answer: more of the processor than parsing and checking the call (decision 0005). Here such a call
is parsed and checked when its last byte has come, and its answer leaves in one write when the
writer has it. Whatever is not quite ordinary goes uvicorn's way: another address, a key that must
be looked up, a request behind an unanswered one, an upgrade, an `Expect`, a client that does not
read. Both ways share every decision (`api.py`) and send the same bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from tessera.doors import problems
from tessera.doors.api import INSIDE, Api
from tessera.doors.asked import Asked, head_fault, headers_of
from tessera.doors.heads import MAX_BODY
from tessera.doors.problems import Reply
from tessera.doors.writer import SHED

API = "tessera.api"  # under this name the application's state holds its Api
# What `headers_of` says of an answer that has nothing unusual.
_USUAL = (
    b"%bcontent-type: %b\r\ncontent-length: %d\r\ncache-control: no-store\r\nx-request-id: %b\r\n"
    b"ratelimit-limit: %d\r\nratelimit-remaining: %d\r\nratelimit-reset: 1\r\n\r\n%b"
)
_ODD = (b"transfer-encoding", b"expect", b"upgrade", b"close")  # in a head: the parser judges it
_HEAD_MOST = 4096  # bytes of a head that is judged without the parser


def _away(reply: Reply) -> tuple[bytes, bytes]:
    """The bytes of an answer to who is turned away unheard: staying, and closing the connection.

    It names no call and tells no rate: no key was looked at, and the log has no line of it.
    """
    stays = b"%bcontent-type: %b\r\ncontent-length: %d\r\n%bretry-after: %d\r\n" % (
        STATUS_LINE[503], reply.content_type, len(reply.body), b"cache-control: no-store\r\n",
        problems.RETRY_AFTER_S,
    )  # fmt: skip
    closes = stays + b"connection: close\r\n"
    return b"%b\r\n%b" % (stays, reply.body), b"%b\r\n%b" % (closes, reply.body)


_AWAY = {reply.shed: _away(reply) for reply in (INSIDE, SHED)}


def _whole(data: bytes) -> bool:
    """Whether this is one ordinary request, head and body, with nothing before or behind it.

    False where that is not plain to see: then the parser says what it is.
    """
    end = data.find(b"\r\n\r\n", 0, _HEAD_MOST)
    if end < 0:
        return False
    head = data[: end + 2].lower()
    at = head.find(b"\r\ncontent-length: ") + 18
    if at < 18 or head.count(b"content-length") != 1:
        return False
    for word in _ODD:
        if word in head:
            return False
    size = head[at : head.find(b"\r", at)]
    return size.isdigit() and len(data) == end + 4 + int(size)


class Heard(RequestResponseCycle):
    """A request whose answer is being made here, in the place where uvicorn looks for its own.

    heard  nothing more is wanted of the client; what still comes of the body is dropped
    """

    message_event = asyncio.Event()  # uvicorn sets it; nobody waits for it

    def __init__(self, *, keep_alive: bool) -> None:
        self.keep_alive, self.heard = keep_alive, True
        self.response_complete = self.disconnected = False


class Short(Heard):
    """A request on the short way.

    chunks, size  what has come of the body, and its bytes
    """

    def __init__(self, asked: Asked, *, keep_alive: bool) -> None:
        super().__init__(keep_alive=keep_alive)
        self.asked, self.heard = asked, False
        self.chunks: list[bytes] = []
        self.size = 0


class ShortProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 over httptools, with that short way."""

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:  # fmt: skip
        super().__init__(config, server_state, app_state, _loop)
        # What uvicorn could be told to do besides, and is not told here (`cli/serving.py`).
        more = config.access_log or self.limit_concurrency is not None or self.root_path
        self._api: Api | None = None if more else app_state.get(API)
        self._rests_since: float | None = None
        self._midway = False  # in a request, for the parser
        self._firsts = tuple(
            [b"%b %b HTTP/1.1\r\n" % each for each in self._api.short] if self._api else ()
        )

    # A request comes in --------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Bytes. Where the writer is crowded, a call for it is turned away without being parsed."""
        if self._crowded() and self._unheard(data):
            self._write_away(SHED, keep_alive=True)
            self._rest_again()
        else:
            super().data_received(data)

    def _unheard(self, data: bytes) -> bool:
        """Whether these bytes are a whole call for the writer, and nothing is under way here."""
        return (
            not self._midway and not self._behind() and not self.flow.write_paused
            and not self.transport.is_closing() and data.startswith(self._firsts) and _whole(data)
        )  # fmt: skip

    def on_message_begin(self) -> None:
        """A request begins."""
        self.url, self.headers, self._midway = b"", [], True

    def on_header(self, name: bytes, value: bytes) -> None:
        """One line of its head."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The head is here: which way?"""
        if self._crowded() and self._for_writer() and b"expect" not in dict(self.headers):
            self._turn_away(SHED)  # at once, and before anything is spent on key or body
            return
        asked = self._asked()
        if asked is None:
            if self._full():
                self._turn_away(INSIDE)  # uvicorn's way costs ten times this answer
            else:
                self._go_uvicorns_way()
            return
        short = self.cycle = Short(asked, keep_alive=self._keeps_alive())
        refusal = head_fault(asked)
        if refusal is not None:
            short.heard = True
            self._answer_soon(short, problems.problem(refusal))

    def _turn_away(self, reply: Reply) -> None:
        """Neither its key nor its body is looked at."""
        self.cycle = away = Heard(keep_alive=self._keeps_alive())
        self.loop.call_soon(self._answer_away, away, reply)

    def _answer_away(self, away: Heard, reply: Reply) -> None:
        if not self.transport.is_closing():
            self._write_away(reply, keep_alive=away.keep_alive)
            self._done(away)

    def _write_away(self, reply: Reply, *, keep_alive: bool) -> None:
        """From a form made beforehand: under overload this is most of the work."""
        assert self._api is not None, "asked before"
        self._api.house.tally.sheds[reply.shed] += 1
        self.transport.write(_AWAY[reply.shed][not keep_alive])

    def _keeps_alive(self) -> bool:
        return self.parser.get_http_version() != "1.0" and bool(self.parser.should_keep_alive())

    def _full(self) -> bool:
        """Whether the calls that are being answered uvicorn's way leave no room for this one."""
        return self._api is not None and self._api.full and self._for_writer()

    def _for_writer(self) -> bool:
        """Whether it is a call for the writer, and its turn."""
        api = self._api
        if api is None or self._behind() or self.parser.should_upgrade():
            return False
        return (self.parser.get_method(), self.url) in api.short

    def _behind(self) -> bool:
        """Whether this request must wait for the answer to the one before it."""
        before: RequestResponseCycle | None = self.cycle
        return before is not None and not before.response_complete

    def _crowded(self) -> bool:
        return self._api is not None and self._api.house.writer.crowded

    def _go_uvicorns_way(self) -> None:
        """Tell it what has come so far."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        super().on_url(url)
        for name, value in headers:
            super().on_header(name, value)
        super().on_headers_complete()

    def _asked(self) -> Asked | None:
        """The call, if it can go the short way."""
        api = self._api
        if api is None:
            return None
        route = api.short.get((self.parser.get_method(), self.url))
        if route is None or self.parser.should_upgrade():
            return None
        if self._behind():
            return None
        headers = dict(self.headers)
        if b"expect" in headers or self.flow.write_paused or api.house.writer.down:
            return None
        passed = api.gate.enter_known(headers.get(b"authorization", b""))
        return None if passed is None else Asked(route, {}, b"", headers, passed)

    def on_body(self, body: bytes) -> None:
        """A piece of the body; what nobody waits for any more is dropped."""
        short = self.cycle
        if not isinstance(short, Heard):
            super().on_body(body)
        elif isinstance(short, Short) and not short.heard:
            short.chunks.append(body)
            short.size += len(body)
            if short.size > MAX_BODY:
                self._finish(short)

    def on_message_complete(self) -> None:
        """The last byte is here."""
        self._midway = False
        short = self.cycle
        if not isinstance(short, Heard):
            super().on_message_complete()
        elif isinstance(short, Short) and not short.heard:
            self._finish(short)

    # Its answer goes out -------------------------------------------------------------------------

    def _finish(self, short: Short) -> None:
        """Parse, check and submit; the answer comes later, in any case not from here."""
        short.heard = True
        assert self._api is not None, "asked before"
        raw = short.chunks[0] if len(short.chunks) == 1 else b"".join(short.chunks)
        short.chunks.clear()
        self._run(short, self._api.finish(short.asked, raw))

    def _run(
        self, short: Short, work: Coroutine[Any, Any, Reply], waited: object = None
    ) -> None:  # fmt: skip
        """By hand instead of as a task: it runs at once, and waits for one future, the writer's."""
        try:
            future: asyncio.Future[Any] = work.send(None)
        except StopIteration as done:
            answer = self._answer_soon if waited is None else self._answer
            answer(short, done.value)
        else:
            future.add_done_callback(partial(self._run, short, work))

    def _answer_soon(self, short: Short, reply: Reply) -> None:
        """In the next turn: the parser is at work, and what is behind in its packet must queue."""
        self.loop.call_soon(self._answer, short, reply)

    def _answer(self, short: Short, reply: Reply) -> None:
        """Head and body in one write."""
        if self.transport.is_closing():
            return
        self._count(short, reply)
        self.transport.write(self._usual(short, reply) or self._any(short, reply))
        self._done(short)

    def _usual(self, short: Short, reply: Reply) -> bytes | None:
        """The bytes of most answers, from one form: it takes a third of the time of any other."""
        if reply.status not in (200, 201) or reply.replayed or not short.keep_alive:
            return None
        if self.server_state.default_headers or reply.allow:
            return None
        passed = short.asked.passed
        return _USUAL % (
            STATUS_LINE[reply.status], reply.content_type, len(reply.body), short.asked.id,
            passed.principal.rate_per_s, passed.tokens, reply.body,
        )  # fmt: skip

    def _any(self, short: Short, reply: Reply) -> bytes:
        """The bytes of any answer."""
        said = [
            *self.server_state.default_headers,
            *headers_of(reply, short.asked.passed, short.asked.id),
        ]
        if not short.keep_alive:
            said.append((b"connection", b"close"))
        head = [b"%b: %b\r\n" % pair for pair in said]
        return b"".join([STATUS_LINE[reply.status], *head, b"\r\n", reply.body])

    def _count(self, short: Short, reply: Reply) -> None:
        asked, api = short.asked, self._api
        assert api is not None, "asked before"
        api.count(asked.route, reply, asked.id, asked.began, asked.passed)

    def _done(self, heard: Heard) -> None:
        """Its answer is on the way."""
        heard.response_complete = True
        if not heard.keep_alive:
            self.transport.close()
        self.on_response_complete()

    # Between two requests ------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """An answer is out: the request behind it, or a rest."""
        if self.pipeline:
            super().on_response_complete()
            return
        if self.transport.is_closing():
            self.server_state.total_requests += 1
            return
        self.flow.resume_reading()
        self._rest_again()

    def _rest_again(self) -> None:
        self.server_state.total_requests += 1
        self._rests_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._rest(self.timeout_keep_alive)

    def _rest(self, left_s: float) -> None:
        """One timer for many rests: making one for each request costs more than reading a clock."""
        self.timeout_keep_alive_task = self.loop.call_later(left_s, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Close what has rested too long."""
        self.timeout_keep_alive_task = None
        if self._rests_since is None:
            return
        left_s = self._rests_since + self.timeout_keep_alive - self.loop.time()
        if left_s > 0:
            self._rest(left_s)
        else:
            super().timeout_keep_alive_handler()

    def _unset_keepalive_if_required(self) -> None:
        self._rests_since = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more; what was submitted is settled all the same."""
        super().connection_lost(exc)
        super()._unset_keepalive_if_required()
