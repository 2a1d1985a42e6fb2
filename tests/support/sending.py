"""Files sent to a served shop as its office sends them, and what becomes of them."""

from __future__ import annotations

import base64
import time
from typing import Any

from support.api import Api

PLAIN = """name = "plain-test"
[store]
id = "store"
time_zone = "Europe/Rome"
[receipt]
number = "number"
time = "time"
till = { constant = "1" }
currency = { constant = "EUR" }
member = { column = "card", kind = "card" }
[line]
sku = "sku"
quantity = "quantity"
price = "price"
"""
HEAD = "number,time,store,card,sku,quantity,price"


def begun(api: Api, raw: bytes, kind: str = "receipts", mapping: str = PLAIN, name: str = "a.csv"):
    """A file announced and sent in two pieces; its task."""
    body = {"kind": kind, "bytes": len(raw), "mapping": mapping, "name": name}
    said = api.call("POST", "/v1/imports", body)
    assert said.status_code == 201, said.text
    task = said.json()["task_id"]
    half = max(len(raw) // 2, 1)
    for at in (0, half):
        if raw[at : at + half + 1 if at else half]:
            piece = raw[at:] if at else raw[:half]
            body = {"offset": at, "data": base64.b64encode(piece).decode()}
            said = api.call("POST", f"/v1/imports/{task}/pieces", body)
            assert said.status_code == 200, said.text
    return said.json()


def task(api: Api, task_id: str) -> dict[str, Any]:
    said = api.call("GET", f"/v1/tasks/{task_id}")
    assert said.status_code == 200, said.text
    return said.json()


def until(api: Api, task_id: str, *states: str, limit_s: float = 180.0) -> dict[str, Any]:
    """The task when it has come to one of these states."""
    end = time.monotonic() + limit_s
    while (found := task(api, task_id))["state"] not in states:
        assert time.monotonic() < end, found
        assert found["state"] != "failed" or "failed" in states, found
        time.sleep(0.1)
    return found


def started(api: Api, task_id: str) -> dict[str, Any]:
    said = api.call("POST", f"/v1/tasks/{task_id}/start")
    assert said.status_code == 200, said.text
    return said.json()


def imported(api: Api, raw: bytes, **how: Any) -> dict[str, Any]:
    """All of it: sent, checked, run."""
    found = begun(api, raw, **how)
    until(api, found["task_id"], "ready")
    started(api, found["task_id"])
    return until(api, found["task_id"], "done")
