"""What the reference promises of an answer, held against the answer."""

from __future__ import annotations

from functools import cache
from typing import Any

import httpx
import jsonschema_rs

from tessera.doors.till import OPERATIONS

TABLE = {operation.name: operation for operation in OPERATIONS}


class Promises:
    """The reference of a served shop, with its validators made once."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._validator = cache(self._made)

    def _told(self, name: str, status: int) -> dict[str, Any]:
        row = TABLE[name]
        told: dict[str, Any] = self.document["paths"][row.path][row.method.lower()]["responses"]
        return told[str(status)]

    def _made(self, name: str, status: int, kind: str) -> Any:
        schema = self._told(name, status)["content"][kind]["schema"]
        whole = schema | {"components": self.document["components"]}
        return jsonschema_rs.validator_for(whole, validate_formats=True)

    def checked(self, name: str, said: httpx.Response) -> Any:
        """The answer's data, once it is what the reference says of this status."""
        kind = said.headers["content-type"].partition(";")[0]
        data = said.json() if "json" in kind and "x-ndjson" not in kind else said.text
        if "x-ndjson" in kind and said.text.count("\n") == 1:
            data = said.json()  # one line: its answer is one too
        if data or "x-ndjson" not in kind:
            self._validator(name, said.status_code, kind).validate(data)
        for header in self._told(name, said.status_code).get("headers", {}):
            assert header == "Idempotent-Replayed" or header.lower() in said.headers
        return data
