"""The reference of the API (OpenAPI 3.1), made from the table of operations and the policy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from tessera import __version__
from tessera.access.core import POLICY
from tessera.base.pages import MAX_PAGE
from tessera.base.text import Code
from tessera.checkout.core import Answer
from tessera.doors.call import Operation
from tessera.doors.noting import Proposed
from tessera.doors.pages import DEFAULT_LIMIT
from tessera.doors.problems import MAX_WORD, STATUS, Problem

_REF = "#/components/schemas/{name}"
_INTRO = """Points, members and receipts of one loyalty program.

The caller owns money, Tessera owns points: an answer says what each line costs, what was earned
and spent, and why. Every amount is a whole number of minor units (cents). Every writing call
carries `Idempotency-Key`: the same call again gives the same bytes and one effect.
Bodies are JSON in UTF-8, at most 1 MB; of a key that an object holds twice, the last counts."""


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The whole document as plain data."""
    types = [kind for op in operations for kind in (op.body, op.answer, op.other)
             if kind is not None and kind is not dict]  # fmt: skip
    _, schemas = msgspec.json.schema_components([*types, Problem, Proposed], ref_template=_REF)
    paths: dict[str, Any] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tessera", "version": __version__, "description": _INTRO,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": _ecma(schemas),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "headers": _HEADERS,
        },
    }  # fmt: skip


_HEADERS = {
    "RateLimit-Limit": {"schema": {"type": "integer"}, "description": "calls a second"},
    "RateLimit-Remaining": {"schema": {"type": "integer"}, "description": "calls left now"},
    "RateLimit-Reset": {"schema": {"type": "integer"}, "description": "seconds until full again"},
    "Idempotent-Replayed": {
        "schema": {"type": "string", "const": "true"},
        "description": "these are the bytes of the first time",
    },
    "Allow": {"schema": {"type": "string"}, "description": "the methods that are possible here"},
    "Retry-After": {"schema": {"type": "integer"}, "description": "seconds to wait"},
}


def _word(name: str) -> dict[str, Any]:
    """What a word of an address looks like."""
    if name == "store_id":  # chosen by people; all other ids are ours
        return dict(_ecma(msgspec.json.schema(Code)))
    if name.endswith("_id"):
        return {"type": "string", "format": "uuid"}
    return {"type": "string", "minLength": 1, "maxLength": MAX_WORD, "pattern": "^[!-~]+$"}


def _asked(name: str) -> dict[str, Any]:
    """What a word after the question mark looks like."""
    if name == "limit":
        return {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_LIMIT}
    return {"type": "string"}


def _operation(operation: Operation) -> dict[str, Any]:
    scopes = ", ".join(
        f"{role} ({scope.replace('_', ' ')})" for role, scope in POLICY[operation.name].items()
    )
    made: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"{_first(operation.handler.__doc__)}\n\nWho may: {scopes}.",
        "parameters": _parameters(operation),
        "responses": _responses(operation),
    }
    if "anybody" in POLICY[operation.name]:
        made["security"] = []
    if operation.body is not None:
        kind = "application/x-ndjson" if operation.lines else "application/json"
        content: dict[str, Any] = {"schema": _schema(operation.body)}
        if operation.example is not None:
            content["example"] = operation.example
        made["requestBody"] = {"required": True, "content": {kind: content}}
    return made


def _answer(operation: Operation) -> dict[str, Any]:
    told = _schema(operation.answer)
    return told if operation.other is None else {"anyOf": [told, _schema(operation.other)]}


def _first(doc: str | None) -> str:
    return (doc or "").strip().split("\n\n")[0]


def _schema(kind: Any) -> dict[str, Any]:
    if kind is dict:
        return {"type": "object"}
    (found,), _ = msgspec.json.schema_components([kind], ref_template=_REF)
    return dict(_ecma(found))


def _ecma(schema: Any) -> Any:
    """The same, with patterns as JSON Schema means them: ECMA 262 has no \\Z."""
    if isinstance(schema, list):
        return [_ecma(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: inner.replace(r"\Z", "$")
        if name == "pattern" and isinstance(inner, str)
        else _ecma(inner)
        for name, inner in schema.items()
    }


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": _word(name)}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    found += [
        {"name": name, "in": "query", "description": what, "schema": _asked(name)}
        for name, what in (operation.query or {}).items()
    ]
    if operation.kind != "reads":
        found.append(
            {
                "name": "Idempotency-Key", "in": "header", "required": not operation.key_optional,
                "schema": {"type": "string", "minLength": 1, "maxLength": 128,
                           "pattern": "^[!-~]([ -~]*[!-~])?$"},
                "description": "yours for this call; the same again when you retry",
            }
        )  # fmt: skip
    return found


def _responses(operation: Operation) -> dict[str, Any]:
    rate = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in rate}
    if operation.kind != "reads":
        headers["Idempotent-Replayed"] = {"$ref": "#/components/headers/Idempotent-Replayed"}
    kind = "application/x-ndjson" if operation.lines else "application/json"
    ok: dict[str, Any] = {
        "description": operation.summary, "headers": headers,
        "content": {kind: {"schema": _answer(operation)}},
    }  # fmt: skip
    ok["content"] |= {media: {"schema": {"type": "string"}} for media in operation.media}
    found: dict[str, Any] = {str(operation.status): ok}
    if operation.name == "receipt.return":
        waiting = {"application/json": {"schema": _schema(Answer)}}
        said = "The sale is not here yet: the return waits for it"
        found["202"] = ok | {"description": said, "content": waiting}
    if operation.four_eyes:
        waits = {"description": "A second person decides", "headers": headers}
        found["202"] = waits | {"content": {"application/json": {"schema": _schema(Proposed)}}}
    if operation.kind == "writer":
        again = {"description": "Told again from the stored effects"}
        found.setdefault("200", found.get("202", ok) | again)
    for status in sorted({*STATUS.values(), 422}):
        if status == 500:
            continue
        found[str(status)] = _headers_of(status) | {
            "description": _codes(status),
            "content": {
                "application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}
            },
        }
    return found


def _headers_of(status: int) -> dict[str, Any]:
    name = {405: "Allow", 429: "Retry-After", 503: "Retry-After"}.get(status)
    return {"headers": {name: {"$ref": f"#/components/headers/{name}"}}} if name else {}


def _codes(status: int) -> str:
    codes = sorted(code for code, number in STATUS.items() if number == status)
    return ", ".join(codes) or "understood, but not possible as it is: see `code`"
