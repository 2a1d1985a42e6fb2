"""The cookie that says who is signed in, and whether a form came from our own page."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from tessera.access.core import SESSION_LIFE

COOKIE = "tessera_console"


def session_of(cookies: str) -> str:
    """The session in a Cookie header, "" if there is none."""
    try:
        found = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def cookie(session: str, *, https: bool) -> str:
    """The Set-Cookie that carries a session; an empty one takes it away."""
    parts = [f"{COOKIE}={session}", "Path=/console", "HttpOnly", "SameSite=Strict"]
    parts.append(f"Max-Age={int(SESSION_LIFE.total_seconds()) if session else 0}")
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
