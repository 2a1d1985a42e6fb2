"""The log says what failed and where, and holds nobody's data: canaries are sent everywhere."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import structlog

from support import api as shops
from support.api import Api
from tessera.doors import logs
from tessera.doors.till import OPERATIONS

CANARY = "Kanarie4711"
CARD, MAIL, PHONE = "2900471147117", "kanarie@example.org", "+393331234711"
SIGNS = ("kanarie", CARD, PHONE, "tsr_")


@pytest.fixture
def written(monkeypatch) -> Iterator[io.StringIO]:
    """The log, in which every call has its line, however quick it was."""
    file = io.StringIO()
    monkeypatch.setattr("tessera.doors.api.SLOW_S", 0.0)
    monkeypatch.setattr("tessera.doors.logs.PER_S", 100_000)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure("json", file)
    yield file
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


@pytest.fixture
def api(dsn, written):
    with shops.opened(dsn) as shop:
        yield shop


def lines(file: io.StringIO) -> list[dict[str, Any]]:
    """What was written, once no canary is in it."""
    text = file.getvalue()
    assert [sign for sign in SIGNS if sign in text.lower()] == []
    return [json.loads(line) for line in text.splitlines()]


def with_canaries(example: Any) -> Iterator[Any]:
    """The example with each of its texts replaced in turn, and with all of them."""
    paths = list(texts(example))
    for path in paths:
        yield replaced(example, {path})
    yield replaced(example, set(paths))


def texts(value: Any, path: tuple = ()) -> Iterator[tuple]:
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts(part, (*path, key))


def replaced(value: Any, where: set[tuple], path: tuple = ()) -> Any:
    if path in where:
        named = {"card": CARD, "email": MAIL, "phone": PHONE}
        return named.get(str(path[-1]) if path else "", CANARY)
    if isinstance(value, dict):
        return {key: replaced(part, where, (*path, key)) for key, part in value.items()}
    if isinstance(value, list):
        return [replaced(part, where, (*path, key)) for key, part in enumerate(value)]
    return value


def drive(api: Api) -> int:
    """Every operation with canaries in body, address, query, key and token; how many calls."""
    count = 0
    for row in OPERATIONS:
        words = {part[1:-1]: CANARY for part in row.path.split("/") if part.startswith("{")}
        path = row.path.format(**words)
        for body in with_canaries(row.example):
            api.call(row.method, path, body, key=f"{CANARY}-{uuid4().hex}")
            count += 1
        api.call(row.method, f"{path}?{CANARY}={MAIL}", row.example, key=CANARY)
        api.call(row.method, path, row.example, token=f"tsr_{CANARY}")
        count += 2
    return count


def person(api: Api, card: str) -> None:
    """A member whose every part is a canary."""
    body = {
        "identifiers": [{"kind": "card", "value": card}, {"kind": "email", "value": MAIL}],
        "given_name": CANARY, "family_name": CANARY,
    }  # fmt: skip
    said = api.call("POST", "/v1/members", body, key=f"{CANARY}-person")
    assert said.status_code == 201, said.text


def test_every_operation_leaves_a_line_and_no_canary(api, written):
    sent = drive(api)
    person(api, api.cards[5])
    said = lines(written)
    assert len([line for line in said if line["event"] in ("slow", "failed")]) >= sent
    assert {line["operation"] for line in said if line["event"] == "slow"} >= {
        row.name for row in OPERATIONS
    }


def test_a_database_that_quotes_values_is_not_quoted(api, written):
    """A broken table makes every driver's error there is; a trigger repeats what it was given."""
    api.eye.execute(f"""
        CREATE FUNCTION public.tell() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'no % here', to_jsonb(NEW)::text || '{CANARY}'; END $$;
        CREATE TRIGGER tell BEFORE INSERT ON checkout.receipt
        FOR EACH ROW EXECUTE FUNCTION public.tell();
        CREATE TRIGGER tell BEFORE INSERT ON members.person
        FOR EACH ROW EXECUTE FUNCTION public.tell()""")
    assert api.post("/v1/receipts", api.basket(number=CANARY), key=CANARY).status_code == 503
    assert api.call("POST", "/v1/members", {
        "identifiers": [{"kind": "card", "value": api.cards[5]}], "given_name": CANARY,
    }).status_code == 500  # fmt: skip
    said = lines(written)
    events = {line["event"]: line for line in said}
    assert events["not_settled"]["sqlstate"] == events["broken"]["sqlstate"] == "P0001"
    assert events["not_settled"]["mark"] and "flows" in events["broken"]["trace"]
    failed = [line for line in said if line["event"] == "failed"]
    assert {line["operation"] for line in failed} == {"receipt.confirm", "member.register"}


def test_a_library_that_quotes_an_error_is_not_quoted_either(written):
    try:
        {"": 0}[CANARY]
    except KeyError:
        logging.getLogger("some.library").exception("it failed\nfor %s", CANARY)
        structlog.get_logger("tessera").error("ours", exc_info=True)
    library, ours = lines(written)
    assert library["event"] == "it failed" and library["logger"] == "some.library"
    assert library["error"] == ours["error"] == "KeyError"
    assert "test_logs.py" in ours["trace"]


def test_a_caller_finds_its_call_by_its_own_id_and_a_bad_one_is_replaced(api, written):
    own = uuid4().hex
    said = api.post("/v1/receipts", api.basket(), headers={"X-Request-Id": own})
    assert said.headers["x-request-id"] == own
    ids = {said.headers["x-request-id"]}
    for bad in ("", "x" * 65, "a b", f"{CANARY}@"):
        said = api.call("GET", "/v1/stores", headers={"X-Request-Id": bad})
        ids.add(said.headers["x-request-id"])
    assert len(ids) == 5
    assert ids == {line["request"] for line in lines(written) if line["event"] == "slow"}


def test_a_storm_is_told_in_few_lines(written, monkeypatch):
    monkeypatch.setattr("tessera.doors.logs.PER_S", 3)
    log = logs.Sparing(structlog.get_logger("tessera"))
    monkeypatch.setattr("tessera.doors.logs.time.monotonic", iter([7.0] * 10 + [8.0]).__next__)
    for _ in range(11):
        log.error("storm")
    assert [line.get("left_out", 0) for line in lines(written)] == [0, 0, 0, 7]
