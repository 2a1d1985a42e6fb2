"""Calls about long work, files that come in, and what of them lies in quarantine."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import uuid4

from support.things import Made, Make, Things, Whose, plain
from tessera.doors.till.imports import EXAMPLE_MAPPING

FILE = b"branch,day,no,card,article,price\n1,2026-11-20T10:00:00,77,,TEA,2.50\n"
BEGIN = {"kind": "receipts", "bytes": len(FILE), "mapping": EXAMPLE_MAPPING, "name": "a.csv"}
PIECE = {"offset": 0, "data": base64.b64encode(FILE).decode()}


def coming(things: Things, whose: Whose) -> dict[str, str]:
    """A file that is announced."""
    if whose == "random":
        return {"task_id": str(uuid4())}
    return {"task_id": things.made("/v1/imports", BEGIN)["task_id"]}


def sent(things: Things, whose: Whose) -> Made:
    return coming(things, whose), PIECE


def here(things: Things, whose: Whose) -> Made:
    """One that is here and waits for a worker."""
    path = coming(things, whose)
    if whose != "random":
        things.made(f"/v1/imports/{path['task_id']}/pieces", PIECE)
    return path, None


def stopped(things: Things, whose: Whose) -> Made:
    path, _ = here(things, whose)
    if whose != "random":
        things.made(f"/v1/tasks/{path['task_id']}/stop", None)
    return path, None


def aside(things: Things, whose: Whose) -> dict[str, str]:
    """A receipt in quarantine, as a load by the shipped mapping leaves it."""
    number = uuid4().hex[:12]
    if whose != "random":
        row = {"row": 2, "number": number, "store": "S1", "till": "1", "currency": "EUR",
               "time": "2026-11-20T10:00:00", "card": "", "sku": "TEA", "name": "", "category": "",
               "quantity": "0", "price": "2.50"}  # fmt: skip
        record = json.dumps({"number": number, "rows": [row]})
        load, eye = uuid4(), things.api.eye
        eye.execute(
            "INSERT INTO warehouse.load (id, source, source_hash, mapping, phase, done, tally,"
            " started_at) VALUES (%s, 'f', %s, 'plain', 'done', 1, '{}', now())",
            (load, load.bytes),
        )
        eye.execute(
            "INSERT INTO warehouse.quarantine (mapping, number, load_id, row_number, code, field,"
            " why, record) VALUES ('plain', %s, %s, 2, 'zero_quantity', 'quantity', 'row 2', %s)",
            (number, load, record),
        )
    return {"mapping": "plain", "number": number}


def mended(things: Things, whose: Whose) -> Made:
    found = aside(things, whose)
    item: dict[str, Any] = {"number": found["number"], "rows": [{"quantity": "1"}]}
    return {}, {"mapping": "plain", "items": [item]}


def dropped(things: Things, whose: Whose) -> Made:
    found = aside(things, whose)
    return {}, {"mapping": "plain", "numbers": [found["number"]], "reason": "a training receipt"}


def exported(things: Things, whose: Whose) -> Made:
    found = aside(things, whose)
    return {}, {"mapping": found["mapping"] if whose != "random" else uuid4().hex}


MAKES: dict[str, Make] = {
    "task.ask": plain({"kind": "duplicates"}),
    "task.list": plain(),
    "task.read": lambda t, w: (coming(t, w), None),
    "task.start": stopped,
    "task.stop": here,
    "turn.list": plain(),
    "import.begin": plain(BEGIN),
    "import.send": sent,
    "import.preview": lambda t, w: (coming(t, w), None),
    "import.layouts": plain(),
    "quarantine.sums": plain(),
    "quarantine.list": plain(),
    "quarantine.open": lambda t, w: ({}, aside(t, w)),
    "quarantine.mend": mended,
    "quarantine.drop": dropped,
    "quarantine.export": exported,
}
ANYBODYS = {
    "task.ask", "task.list", "turn.list", "import.begin", "import.layouts", "quarantine.sums",
    "quarantine.list",
}  # fmt: skip
REFUSED = {"task.ask": 409}  # where the extra `dedup` is not installed
