"""At most so many pages at once: staff who reload a slow page leave the event loop to the tills."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tessera.doors.tally import Tally

MOST = 16
_BODY = b"Too many pages are being made at this moment. Please reload in a few seconds.\n"
_HEADERS = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"2"),
            (b"cache-control", b"no-store"), (b"content-length", b"%d" % len(_BODY))]  # fmt: skip


class Bounded:
    """An ASGI application that answers 503 at once while `most` calls are inside.

    name  as it is counted among what was turned away
    """

    def __init__(
        self, app: Callable[..., Awaitable[None]], tally: Tally, name: str = "console",
        most: int = MOST,
    ) -> None:  # fmt: skip
        self._app, self._tally, self._inside = app, tally, 0
        self._name, self._most = name, most

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """One page."""
        if self._inside >= self._most:
            self._tally.sheds[self._name] += 1
            await send({"type": "http.response.start", "status": 503, "headers": _HEADERS})
            await send({"type": "http.response.body", "body": _BODY})
            return
        self._inside += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1
