"""What every page stands in: templates, files with the hash in their name, strict headers."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from tessera.doors.console import figures

_HERE = Path(__file__).parent
_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
POLICY = "; ".join(
    (
        "default-src 'none'", "style-src 'self'", "img-src 'self'", "form-action 'self'",
        "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'",
    )
)  # fmt: skip
# `same-origin` and not `no-referrer`: under the latter browsers send `Origin: null` with a form,
# and over plain HTTP no Sec-Fetch-Site either, so a forged form could not be told from ours.
# Towards other sites the two are equal: nothing is sent.
_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)


@dataclass(frozen=True, slots=True)
class Asset:
    """A static file: its media type, its bytes, the same compressed."""

    media_type: str
    plain: bytes
    small: bytes


class Shell:
    """The templates and static files of the console, read once when it is built."""

    def __init__(self) -> None:
        self.assets: dict[str, Asset] = {}
        addresses: dict[str, str] = {}
        for path in sorted((_HERE / "static").iterdir()):
            if path.suffix not in _TYPES:
                continue
            plain = path.read_bytes()
            name = f"{path.stem}.{hashlib.sha256(plain).hexdigest()[:12]}{path.suffix}"
            self.assets[name] = Asset(_TYPES[path.suffix], plain, squeezed(plain))
            addresses[path.name] = f"/console/static/{name}"
        self._templates = _templates(addresses)

    def page(self, template: str, values: Mapping[str, Any]) -> bytes:
        """A whole page. Errors: a value the template needs and does not get raises."""
        return self._templates.get_template(template).render(values).encode()


def _templates(addresses: Mapping[str, str]) -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    for name in ("money", "count", "signed", "day", "clock", "spaced"):
        made.filters[name] = getattr(figures, name)
    made.globals["asset"] = addresses.__getitem__
    return made


def squeezed(body: bytes) -> bytes:
    """gzip, always the same bytes for the same input."""
    return gzip.compress(body, 6, mtime=0)


def with_headers(inner: ASGIApp) -> ASGIApp:
    """The app with the security headers on each of its answers, errors included.

    What says nothing about caching is private and is not kept by anybody.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], *_HEADERS]
                if not any(name.lower() == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
                message["headers"] = headers
            await send(message)

        await inner(scope, receive, dressed)

    return app
