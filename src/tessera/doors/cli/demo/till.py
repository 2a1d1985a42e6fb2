"""A till and an office over real HTTP, for the walk."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import msgspec

_TIMEOUT_S = 20


class Broken(Exception):
    """The walk cannot go on: something was answered otherwise than it should.

    code  of the problem document, "" without one
    """

    def __init__(self, why: str, code: str = "") -> None:
        super().__init__(why)
        self.code = code


class Till:
    """Calls with a till's key, and with the administration's.

    base_url  as in http://127.0.0.1:8321, without a slash at the end
    """

    def __init__(self, base_url: str, till_key: str, admin_key: str) -> None:
        self.base_url, self.till_key, self.admin_key = base_url, till_key, admin_key
        # No proxy of the environment: the server is the one just started, on this machine.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    async def post(self, path: str, body: Any, key: str = "") -> bytes:
        """Post as the till, under an Idempotency-Key if there is one. Errors: Broken, OSError."""
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        return await self._call(self.till_key, "POST", path, msgspec.json.encode(body), headers)

    async def get(self, path: str) -> bytes:
        """Read as the administration. Errors: Broken, OSError."""
        return await self._call(self.admin_key, "GET", path, None, {})

    async def _call(
        self, token: str, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> bytes:
        headers = headers | {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(self.base_url + path, body, headers, method=method)
        return await asyncio.to_thread(self._send, request)

    def _send(self, request: urllib.request.Request) -> bytes:
        try:
            with self.opener.open(request, timeout=_TIMEOUT_S) as reply:
                return bytes(reply.read())
        except urllib.error.HTTPError as error:
            raise _refused(request, error) from None


def _refused(request: urllib.request.Request, error: urllib.error.HTTPError) -> Broken:
    """A problem document in one sentence; anything else as it came."""
    raw = error.read()
    path, code = urlsplit(request.full_url).path, ""
    try:
        told = msgspec.json.decode(raw)
        code = str(told["code"])
        words = f"{code} {told.get('field', '')}: {told['why']}; {told['cure']}"
    except (msgspec.DecodeError, KeyError, TypeError):
        words = raw.decode(errors="replace")[:300]
    return Broken(f"{request.method} {path} answered {error.code} {words}", code)
