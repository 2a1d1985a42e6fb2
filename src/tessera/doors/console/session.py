"""Who is signed in at the console: random session ids in memory, for a limited time."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

COOKIE = "tessera_console"
MOST = 1000
LIFE_S = 12 * 60 * 60
IDLE_S = 30 * 60


@dataclass(slots=True)
class _Session:
    key: str
    opened_s: float
    seen_s: float


class Sessions:
    """The table of open sessions: at most `most`, each `life_s` long, `idle_s` without a page.

    A session keeps the API key it was opened with, so that every page asks anew whether that
    key still holds: a revoked key ends its sessions at once. Nothing of it is ever written down.
    """

    def __init__(
        self,
        most: int = MOST,
        life_s: int = LIFE_S,
        idle_s: int = IDLE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._life_s, self._idle_s, self._clock = most, life_s, idle_s, clock
        self._open: OrderedDict[str, _Session] = OrderedDict()  # the longest unseen first

    def __len__(self) -> int:
        return len(self._open)

    def open(self, key: str) -> str:
        """A new session for an API key that was found good; returns its id, 256 random bits."""
        while len(self._open) >= self._most:
            self._open.popitem(last=False)
        now = self._clock()
        name = secrets.token_urlsafe(32)
        self._open[name] = _Session(key, now, now)
        return name

    def key(self, name: str) -> str | None:
        """The API key behind a session that is still open, which counts as being seen."""
        session = self._open.get(name)
        if session is None:
            return None
        now = self._clock()
        if now - session.opened_s >= self._life_s or now - session.seen_s >= self._idle_s:
            del self._open[name]
            return None
        session.seen_s = now
        self._open.move_to_end(name)
        return session.key

    def close(self, name: str) -> None:
        """Signed out; an unknown session is closed already."""
        self._open.pop(name, None)


def session_of(cookies: str) -> str:
    """The session id in a Cookie header, "" if there is none."""
    try:
        found = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def cookie(name: str, *, https: bool) -> str:
    """The Set-Cookie that carries a session id; an empty one takes it away."""
    parts = [f"{COOKIE}={name}", "Path=/console", "HttpOnly", "SameSite=Strict"]
    parts.append(f"Max-Age={LIFE_S if name else 0}")
    if https:
        parts.append("Secure")
    return "; ".join(parts)


def from_our_page(headers: Mapping[str, str]) -> bool:
    """Whether a POST was sent by one of our own pages, by what the browser says of its origin.

    Host and port are compared, not the scheme: behind a proxy that ends TLS we may not know it.
    """
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin, host = headers.get("origin", ""), headers.get("host", "")
    try:
        return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False
