"""All doors that speak HTTP as one ASGI application, and the server's own addresses."""

from __future__ import annotations

import gc
from typing import Any

import msgspec

from tessera.base.refusal import Refusal
from tessera.doors.api import Api, Receive, Scope, Send
from tessera.doors.ground import Ground
from tessera.doors.health import readiness
from tessera.doors.metrics import Listener, listen
from tessera.doors.openapi import document
from tessera.doors.problems import Reply, problem
from tessera.doors.protocol import API
from tessera.doors.till import OPERATIONS
from tessera.doors.web.shells import Shells

_ALIVE, _READY = ("/v1/health", "/health"), ("/v1/ready", "/ready")
_OWN = ("/", "/openapi.json", *_ALIVE, *_READY)
_GET_ONLY = Refusal("method_other", "", "this address can only be read", "use GET")


class Site:
    """The ASGI application: /v1, the three shells of pages, /openapi.json, alive and ready."""

    def __init__(self, ground: Ground) -> None:
        self.house = ground.house(runs=True)
        self._api = Api(self.house, OPERATIONS)
        self.shells = Shells(self._api)
        self._openapi = msgspec.json.encode(document(OPERATIONS))
        self._open = False
        self._metrics_at = (ground.settings.metrics_host, ground.settings.metrics_port)
        self._metrics: Listener | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection's events."""
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        elif scope["type"] == "http":
            path = scope["path"]
            if path.startswith("/v1/") and path not in _OWN:
                await self._api(scope, receive, send)
            elif (shell := self.shells.at(path)) is not None:
                await shell(scope, receive, send)
            elif scope["method"] in ("GET", "HEAD") or path not in _OWN:
                await self._own(scope, send)
            else:
                await _reply(send, problem(_GET_ONLY))

    async def _own(self, scope: Scope, send: Send) -> None:
        path = scope["path"]
        if path == "/":
            headers = [(b"location", b"/console"), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 307, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
        elif path == "/openapi.json":
            await _plain(send, 200, self._openapi)
        elif path in _ALIVE:
            await _plain(send, 200, b'{"status":"alive"}')
        elif path in _READY:
            told = readiness(self.house, is_open=self._open)
            await _plain(send, 200 if told.status == "ready" else 503, msgspec.json.encode(told))
        else:
            asked = {key: scope[key] for key in ("path", "method", "headers")}
            await self._api(asked, _nothing, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "state" in scope:  # where our protocol finds the shorter way
            scope["state"][API] = self._api
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.house.open()
                    self._metrics = listen(self.house, *self._metrics_at)
                except Exception as error:
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                self._open = True
                _settle_memory()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self._open = False
                if self._metrics is not None:
                    self._metrics.close()
                await self.house.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _settle_memory() -> None:
    """What stands when the doors open stands for ever: keep the collector from walking it.

    Requests make many short-lived values; with the default thresholds about a fifth of the
    decision's time went into looking for cycles that are not there (one profile).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b""}


async def _reply(send: Send, reply: Reply) -> None:
    headers = [(b"content-type", reply.content_type), (b"allow", b"GET, HEAD"),
               (b"content-length", str(len(reply.body)).encode())]  # fmt: skip
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _plain(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store"),
               (b"content-length", str(len(body)).encode())]  # fmt: skip
    if status == 503:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
