"""One keep-alive connection to the server."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tessera.till.words import How, Json

_MOST = 256 * 1024 * 1024  # bytes of an answer
_AGAIN = {408, 425, 429, 500, 502, 503, 504}
_AGAIN_CODES = {"key_in_flight", "try_again"}


class Away(Exception):
    """There is no answer: the line is cut, or the server cannot serve now.

    sent  the question may have arrived
    """

    def __init__(self, why: str, *, sent: bool = True) -> None:
        super().__init__(why)
        self.sent = sent


@dataclass(frozen=True)
class Heard:
    """An answer: HTTP status, its text, and how long the server asks to wait."""

    status: int
    text: bytes
    wait_s: float = 0.0

    def body(self) -> Json:
        """The answer's data. Errors: Away if it is none of our server's: a portal, a proxy."""
        try:
            said = json.loads(self.text)
        except ValueError:
            said = None
        if isinstance(said, dict):
            return said
        raise Away(f"{self.status}, and no JSON: is this the right address?")

    @property
    def again(self) -> bool:
        """The same call may be answered later."""
        return may_come_again(self.status, self.body() if self.status == 409 else {})


def may_come_again(status: int, body: Json) -> bool:
    """Whether the same call, made again, may be answered otherwise."""
    return status in _AGAIN or (status == 409 and body.get("code") in _AGAIN_CODES)


class Wire:
    """Calls with a till's key. Not for several threads at once.

    errors  Away for everything that is no answer; the connection is made anew next time
    """

    def __init__(self, url: str, key: str, how: How) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is no address: write https://host or http://host:port")
        self._host, self._port, self._base = parts.hostname, parts.port, parts.path.rstrip("/")
        self._tls = None
        if parts.scheme == "https":
            self._tls = ssl.create_default_context(cafile=how.ca_file)
        self._key, self._timeout_s, self._together_s = key, how.timeout_s, how.together_s
        self._link: http.client.HTTPConnection | None = None

    def call(
        self, method: str, path: str, body: Any = None, key: str = "", *, many: bool = False
    ) -> Heard:
        """One call; a kept connection that the server has closed meanwhile is no failure.

        body  data for JSON; for a call of `many`, which takes longer, bytes of NDJSON
        """
        kept = self._link is not None
        try:
            return self._call(method, path, body, key, many=many)
        except (OSError, http.client.HTTPException) as lost:
            self.close()
            ended = isinstance(lost, ConnectionError | http.client.RemoteDisconnected)
            if not (kept and ended):
                raise Away(repr(lost)) from lost
        try:
            return self._call(method, path, body, key, many=many)
        except (OSError, http.client.HTTPException) as lost:
            self.close()
            raise Away(repr(lost)) from lost

    def _call(self, method: str, path: str, body: Any, key: str, *, many: bool) -> Heard:
        link = self._link = self._link or self._dial()
        link.timeout = self._together_s if many else self._timeout_s
        if link.sock is not None:
            link.sock.settimeout(link.timeout)
        kind = "application/x-ndjson" if many else "application/json"
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": kind}
        if key:
            headers["Idempotency-Key"] = key
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        link.request(method, self._base + path, raw, headers)
        with link.getresponse() as reply:
            text = reply.read(_MOST)
            said = reply.headers.get("Retry-After", "")
        return Heard(reply.status, text, float(said) if said.isdigit() else 0.0)

    def _dial(self) -> http.client.HTTPConnection:
        """A connection that stands. Errors: Away, and nothing was sent."""
        link = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        if self._tls is not None:
            link = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout_s, context=self._tls
            )
        try:
            link.connect()
        except OSError as lost:
            link.close()
            raise Away(repr(lost), sent=False) from lost
        return link

    def close(self) -> None:
        """Let go of the connection."""
        if self._link is not None:
            self._link.close()
            self._link = None
