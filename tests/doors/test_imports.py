"""Files over HTTP: sent in pieces, looked at, loaded by a worker; what is bad is refused well."""

from __future__ import annotations

import base64
import csv
import io
import time
import zlib
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow
import pyarrow.parquet
import pytest

from support import api as shops
from support.api import Api
from support.sending import HEAD, PLAIN, begun, imported, started, task, until
from tessera.doors.console.areas.tasks.telling import TURNS

PEOPLE = """name = "club"
time_zone = "Europe/Rome"
[members]
number = "id"
given_name = "first"
[[members.names]]
kind = "card"
column = "card"
[balances]
number = "id"
lot = "lot"
points = "points"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """The data directory."""
    return tmp_path_factory.mktemp("imports")


@pytest.fixture(scope="module")
def api(server, template, place):
    with shops.fresh(server, template, worker=True, data_dir=place) as shop:
        yield shop


def lines(*rows: str) -> bytes:
    return "\n".join((HEAD, *rows, "")).encode()


def aside(api: Api, mapping: str) -> list[dict]:
    return api.call("GET", f"/v1/quarantine?mapping={mapping}").json()["items"]


def named(name: str) -> str:
    return PLAIN.replace("plain-test", name)


def failed(api: Api, raw: bytes, **how) -> dict:
    """What is said of a file that cannot be imported at all."""
    found = begun(api, raw, **how)
    return until(api, found["task_id"], "failed")["fault"]


# A file on its way --------------------------------------------------------------------------------


def test_first_it_is_looked_at_and_nothing_is_posted(api, place):
    raw = lines("a1,2026-11-01T10:00:00,S7,,TEA,2,2.50", "a2,2026-11-01T10:00:00,S7,,TEA,0,2.50",
                "a3,yesterday,S7,,TEA,1,2.50")  # fmt: skip
    before = {name: count for name, count in api.rows().items() if name.startswith("checkout.")}
    found = begun(api, raw, mapping=named("looked"), name="../../etc/passwd")
    assert (found["state"], found["label"]) == ("queued", "passwd")
    ready = until(api, found["task_id"], "ready")
    checked = ready["checked"]
    assert (checked["rows"], checked["good"], checked["outcomes"]) == (3, 1, {"sales": 1})
    assert checked["bad"] == {"not_a_time": 1, "zero_quantity": 1}
    assert checked["stores"] == ["S7"]
    seen = api.call("GET", f"/v1/imports/{found['task_id']}/preview").json()
    assert seen["rows"][0][:3] == ["a1", "2026-11-01 09:00 UTC", "S7"]
    assert [(each["row"], each["code"]) for each in seen["wrong"]] == [
        (3, "zero_quantity"), (4, "not_a_time"),
    ]  # fmt: skip
    after = {name: count for name, count in api.rows().items() if name.startswith("checkout.")}
    assert (after, aside(api, "looked")) == (before, [])
    assert not Path(place, "etc").exists()
    stopped = api.call("POST", f"/v1/tasks/{found['task_id']}/stop").json()
    assert (stopped["state"], stopped["can_start"]) == ("cancelled", True)


def test_what_is_run_is_in_the_books_and_in_the_log(api):
    card = api.cards[5]
    raw = lines(f"b1,2026-11-01T10:00:00,S1,{card},TEA,2,100.00",
                "b2,2026-11-01T10:00:00,S1,,TEA,0,2.50")  # fmt: skip
    done = imported(api, raw, mapping=named("run"))
    assert (done["came"]["good"], done["came"]["bad"]) == (1, {"zero_quantity": 1})
    said = api.call("POST", "/v1/identify", {"card": card}).json()
    assert said["balance"]["balance"] == 400
    (entry,) = api.call("GET", f"/v1/audit?subject={done['task_id']}&operation=task.done").json()[
        "items"
    ]
    assert entry["after"]["quarantined"] == 1 and entry["by"]["name"] == "test"
    again = begun(api, raw, mapping=named("run"))
    checked = until(api, again["task_id"], "ready")["checked"]
    assert checked["outcomes"]["loaded_before"] == 1
    started(api, again["task_id"])
    assert until(api, again["task_id"], "done")["came"]["bad"] == {"zero_quantity": 1}
    assert api.call("POST", "/v1/identify", {"card": card}).json()["balance"]["balance"] == 400


def test_a_mended_row_is_taken_and_leaves_the_quarantine(api):
    card = api.cards[6]
    raw = lines(f"c0,2026-11-01T09:00:00,S1,{card},TEA,1,1.00",
                f"c1,2026-11-01T10:00:00,S1,{card},TEA,many,100.00",
                f"c2,soon,S1,{card},TEA,1,100.00",
                "c3,2026-11-01T10:00:00,S1,,TEA,-1,1.00")  # fmt: skip
    imported(api, raw, mapping=named("mend"))
    assert [each["number"] for each in aside(api, "mend")] == ["c1", "c2", "c3"]
    one = {"mapping": "mend", "number": "c1"}
    opened = api.call("POST", "/v1/quarantine/open", one, key="look").json()
    assert opened["columns"][:2] == ["number", "time"] and opened["places"] == [3]
    assert opened["rows"][0]["quantity"] == "many"
    assert api.call("POST", "/v1/quarantine/open", one, key="look").json()["rows"] == []
    items = [{"number": "c1", "rows": [{"quantity": "3"}]}, {"number": "c2"}]
    body = {"mapping": "mend", "items": items}
    retried = api.call("POST", "/v1/quarantine/mend", body).json()
    assert retried["mends"] == 2
    came = until(api, retried["task_id"], "done")["came"]
    assert (came["good"], came["bad"]) == (1, {"not_a_time": 1})
    assert [each["number"] for each in aside(api, "mend")] == ["c2", "c3"]
    assert api.call("POST", "/v1/identify", {"card": card}).json()["balance"]["balance"] == 602
    # Just as it is once more: another file, so it is looked at anew.
    retried = api.call("POST", "/v1/quarantine/mend", body | {"items": items[1:]}).json()
    assert until(api, retried["task_id"], "done")["came"]["bad"] == {"not_a_time": 1}
    body = {"mapping": "mend", "numbers": ["c2"], "reason": "written by hand"}
    assert api.call("POST", "/v1/quarantine/drop", body).json() == {"dropped": 1}
    assert [each["number"] for each in aside(api, "mend")] == ["c3"]


def test_a_column_called_row_is_the_files_own(api):
    mapping = named("rows").replace('sku = "sku"', 'sku = "row"')
    raw = lines("w0,2026-11-02T10:00:00,S1,,16,1,5.00", "w1,2026-11-02T10:00:00,S1,,17,many,5.00")
    raw = raw.replace(b",sku,", b",row,")
    imported(api, raw, mapping=mapping)
    opened = api.call("POST", "/v1/quarantine/open", {"mapping": "rows", "number": "w1"}).json()
    assert (opened["rows"][0]["row"], opened["places"]) == ("17", [3])
    body = {"mapping": "rows", "items": [{"number": "w1", "rows": [{"quantity": "2"}]}]}
    retried = api.call("POST", "/v1/quarantine/mend", body).json()
    assert until(api, retried["task_id"], "done")["came"]["good"] == 1


def test_a_return_is_mended_too(api):
    """What no earlier sale was found for is kept as it was read."""
    mapping = named("back") + '[returns]\nnumber_prefix = "R"\n'
    raw = lines("R1,2026-11-02T10:00:00,S1,,BOOK,-1,5.00")
    assert imported(api, raw, mapping=mapping)["came"]["bad"] == {"no_earlier_sale": 1}
    opened = api.call("POST", "/v1/quarantine/open", {"mapping": "back", "number": "R1"}).json()
    assert opened["rows"] == [
        {"number": "R1", "time": "2026-11-02T10:00:00", "store": "S1", "card": "", "sku": "BOOK",
         "quantity": "-1", "price": "5.00"}
    ]  # fmt: skip
    imported(api, lines("d1,2026-11-01T10:00:00,S1,,BOOK,1,5.00"), mapping=mapping)
    body = {"mapping": "back", "items": [{"number": "R1"}]}
    retried = api.call("POST", "/v1/quarantine/mend", body).json()
    assert until(api, retried["task_id"], "done")["came"]["outcomes"] == {"returns": 1}
    assert aside(api, "back") == []


def test_members_and_points_move_in_and_nothing_of_a_person_is_kept(api):
    people = b"id,first,card\n1,Ada,K-1\n2,Bo,K-1\n"
    found = begun(api, people, kind="members", mapping=PEOPLE)
    checked = until(api, found["task_id"], "ready")["checked"]
    assert (checked["good"], checked["bad"]) == (1, {"identifier_taken": 1})
    seen = api.call("GET", f"/v1/imports/{found['task_id']}/preview").json()
    assert seen["rows"][0][:2] == ["1", "Ada"]
    started(api, found["task_id"])
    done = until(api, found["task_id"], "done")
    assert (done["came"]["outcomes"]["new"], done["came"]["missing"]) == (1, 0)
    (row,) = aside(api, "club/members")
    kept = str(api.eye.execute("SELECT asked, report FROM tasks.task").fetchall())
    kept += str(api.eye.execute("SELECT * FROM warehouse.quarantine").fetchall())
    assert "Ada" not in kept and "Bo" not in kept and "K-1" not in kept
    one = {"mapping": "club/members", "number": row["number"]}
    opened = api.call("POST", "/v1/quarantine/open", one).json()
    assert opened["rows"] == [{"id": "2", "first": "Bo", "card": "K-1"}]
    items = [{"number": row["number"], "rows": [{"card": "K-2"}]}]
    body = {"mapping": "club/members", "items": items}
    retried = api.call("POST", "/v1/quarantine/mend", body).json()
    assert until(api, retried["task_id"], "done")["came"]["outcomes"] == {"new": 1}
    assert aside(api, "club/members") == []
    points = imported(api, b"id,lot,points\n1,a,500\n2,b,70\n", kind="balances", mapping=PEOPLE)
    assert points["came"]["points"] == {"": 570}


def test_balances_are_loaded_by_two_where_points_by_hand_are_given_by_two(
    server, template, tmp_path
):
    with shops.fresh(server, template, worker=True, data_dir=tmp_path) as api:
        balances_by_two(api)


def balances_by_two(api: Api) -> None:
    raw, mapping = b"id,lot,points\n9,z,500000\n", PEOPLE.replace("club", "two")
    imported(api, b"id,first,card\n9,Eva,K-9\n", kind="members", mapping=mapping)
    program = {"name": "Test", "currency": "EUR", "rules": []}
    api.publish(program | {"adjustments": {"approval_above": 100}})
    mine, other = api.somebody("manager"), api.somebody("manager")
    task_id = begun(api, raw, kind="balances", mapping=mapping)["task_id"]
    until(api, task_id, "ready")
    path = f"/v1/tasks/{task_id}"
    waits = api.call("POST", f"{path}/start", token=mine)
    assert waits.status_code == 202, waits.text
    assert "a file of balances" in waits.json()["why"]
    # To stop it and begin again is no way around: it is only looked at once more.
    assert api.call("POST", f"{path}/stop", token=mine).is_success
    assert api.call("POST", f"{path}/start", token=mine).status_code == 200
    until(api, task_id, "ready")
    waits = api.call("POST", f"{path}/start", token=mine).json()
    body = {"hash": waits["hash"]}
    said = api.call("POST", f"/v1/approvals/{waits['approval_id']}/approve", body, token=other)
    assert said.is_success, said.text
    assert until(api, task_id, "done")["came"]["rows"] == 1


def test_rows_whose_day_is_over_cannot_be_mended_here(api, place):
    raw = b"id,first,card\n7,Cy,K-7\n8,Di,K-7\n"
    done = imported(api, raw, kind="members", mapping=PEOPLE.replace("club", "gone"))
    for path in Path(place, "uploads", done["task_id"]).iterdir():
        path.unlink()
    (row,) = aside(api, "gone/members")
    one = {"mapping": "gone/members", "number": row["number"]}
    assert api.call("POST", "/v1/quarantine/open", one).json()["gone"] is True
    body = {"mapping": "gone/members", "items": [{"number": row["number"]}]}
    assert shops.refused(api, lambda: api.call("POST", "/v1/quarantine/mend", body))["code"] == (
        "rows_gone"
    )


def test_what_is_taken_along_is_run_by_no_spreadsheet(api):
    bad = "=cmd|x,2026-11-01T10:00:00,S1,@evil,-2+3,-4,2.50"
    raw = lines("s1,2026-11-01T10:00:00,S1,,TEA,1,2.50", bad)
    imported(api, raw, mapping=named("sheet"))
    said = api.call("POST", "/v1/quarantine/export", {"mapping": "sheet"}, key="take").json()
    head, row = csv.reader(io.StringIO(said["csv"]))
    told = dict(zip(head, row, strict=True))
    assert (told["number"], told["card"], told["sku"]) == ("'=cmd|x", "'@evil", "'-2+3")
    assert (told["quantity"], told["row"], told["code"]) == ("-4", "3", "negative_quantity")
    again = api.call("POST", "/v1/quarantine/export", {"mapping": "sheet"}, key="take").json()
    assert (again["rows"], again["csv"]) == (1, "")


# What is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"PK\x03\x04" + b"\0" * 100, "file_packed"),  # a zip, a workbook
        (b"\x1f\x8b" + zlib.compress(b"0" * 10**6), "file_packed"),
        (HEAD.encode("utf-16"), "file_encoding"),
        (b"one,two\n1,2\n", "column_missing"),
        (b"\0\0\0\0", "column_missing"),
        (lines("x,2026-11-01T10:00:00,S1,,TEA,1," + "9" * 1_000_000), "file_unreadable"),
        (lines('"x,2026-11-01T10:00:00,S1,,TEA,1,2.50' + "\n" * 70_000), "file_unreadable"),
        (b"PAR1" + b"\xff" * 1000, "file_unreadable"),
    ],
)
def test_a_bad_file_is_told_and_nothing_is_posted(api, place, raw, code):
    before = api.eye.execute("SELECT count(*) FROM checkout.receipt").fetchone()
    fault = failed(api, raw, mapping=named("bad"))
    assert fault["code"] == code and fault["why"] and fault["cure"]
    assert "/source" not in fault["why"] and str(place) not in fault["why"]
    assert api.eye.execute("SELECT count(*) FROM checkout.receipt").fetchone() == before


def test_a_wrong_encoding_is_seen_in_the_check(api):
    raw = lines("e1,2026-11-01T10:00:00,S1,,TÉ,1,2.50").decode().encode("latin-1")
    found = begun(api, raw, mapping=named("latin"))
    assert until(api, found["task_id"], "ready")["checked"]["bad"] == {"word_unfit": 1}
    said = shops.refused(api, lambda: api.call("POST", f"/v1/tasks/{found['task_id']}/start"))
    assert said["code"] == "nothing_to_import"


def test_a_file_that_unpacks_without_end_is_refused_before_it_is_read(api, tmp_path):
    """Thousands of words of half a megabyte each are a file of a few kilobytes."""
    path = tmp_path / "bomb.parquet"
    column = pyarrow.array(["x" * 500_000] * 100, pyarrow.large_string())
    table = pyarrow.table({name: column for name in ("number", "sku")})
    how = {"compression": "zstd", "use_dictionary": False, "write_statistics": False}
    with pyarrow.parquet.ParquetWriter(path, table.schema, **how) as writer:
        for _ in range(44):
            writer.write_table(table)
    assert path.stat().st_size < 2_000_000
    fault = failed(api, path.read_bytes(), mapping=named("bomb"))
    assert fault["code"] == "file_unreadable" and "unpacks to" in fault["why"]


def test_another_currency_is_told_at_once(api):
    mapping = named("money").replace('constant = "EUR"', 'constant = "USD"')
    raw = lines("f1,2026-11-01T10:00:00,S1,,TEA,1,2.50")
    assert failed(api, raw, mapping=mapping)["code"] == "currency_other"


def test_one_receipt_in_another_currency_goes_aside_and_the_rest_is_taken(api):
    mapping = named("coins").replace('{ constant = "EUR" }', '"coin"')
    row = "2026-11-01T10:00:00,S1,,TEA,1,2"
    raw = f"{HEAD},coin\nf2,{row},EUR\nf3,{row},USD\n"
    found = begun(api, raw.encode(), mapping=mapping)
    checked = until(api, found["task_id"], "ready")["checked"]
    assert (checked["good"], checked["bad"]) == (1, {"currency_other": 1})
    (wrong,) = api.call("GET", f"/v1/imports/{found['task_id']}/preview").json()["wrong"]
    assert (wrong["row"], wrong["field"], wrong["code"]) == (3, "coin", "currency_other")
    started(api, found["task_id"])
    assert until(api, found["task_id"], "done")["came"]["good"] == 1
    assert [each["number"] for each in aside(api, "coins")] == ["f3"]


def test_pieces_come_in_order_and_may_come_twice(api, place):
    raw = lines("g1,2026-11-01T10:00:00,S1,,TEA,1,2.50")
    body = {"kind": "receipts", "bytes": len(raw), "mapping": named("pieces"), "name": "g"}
    task_id = api.call("POST", "/v1/imports", body).json()["task_id"]
    path = f"/v1/imports/{task_id}/pieces"

    def piece(start: int, end: int) -> dict:
        return {"offset": start, "data": base64.b64encode(raw[start:end]).decode()}

    gap = shops.refused(api, lambda: api.call("POST", path, piece(10, 20)))
    assert gap["code"] == "piece_gap"
    for start, end in ((0, 30), (0, 30), (20, 40)):
        assert api.call("POST", path, piece(start, end)).json()["state"] == "receiving"
    over = {"offset": 40, "data": base64.b64encode(b"x" * len(raw)).decode()}
    assert shops.refused(api, lambda: api.call("POST", path, over))["code"] == "piece_gap"
    api.call("POST", path, piece(40, len(raw)))
    assert until(api, task_id, "ready")["checked"]["good"] == 1
    late = shops.refused(api, lambda: api.call("POST", path, piece(0, 10)))
    assert late["code"] == "task_busy"
    assert Path(place, "uploads", task_id, "source").read_bytes() == raw


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"bytes": 0}, "body_invalid"), ({"bytes": 2**40}, "body_invalid"),
        ({"kind": "../members"}, "body_invalid"), ({"name": "a\x00b"}, "body_invalid"),
        ({"name": "a\u202eb"}, "body_invalid"), ({"mapping": "no toml ["}, "mapping_wrong"),
        ({"kind": "members"}, "mapping_wrong"), ({"mapping": "x" * 30_000}, "body_invalid"),
    ],
)  # fmt: skip
def test_what_cannot_begin_is_refused(api, more, code):
    body = {"kind": "receipts", "bytes": 10, "mapping": PLAIN, "name": "a.csv"} | more
    assert shops.refused(api, lambda: api.call("POST", "/v1/imports", body))["code"] == code


def test_a_mend_that_does_not_fit_is_refused(api):
    raw = lines("h0,2026-11-01T10:00:00,S1,,TEA,1,1.00", "h1,2026-11-01T10:00:00,S1,,TEA,0,2.50")
    imported(api, raw, mapping=named("unfit"))
    for items, code in (
        ([{"number": "h1", "rows": [{"colour": "red"}]}], "column_unknown"),
        ([{"number": "h1", "rows": [{}, {}]}], "rows_other"),
        ([{"number": "nobody"}], "aside_unknown"),
    ):
        body = {"mapping": "unfit", "items": items}
        said = shops.refused(api, partial(api.call, "POST", "/v1/quarantine/mend", body))
        assert said["code"] == code
    gone = f"/v1/tasks/{uuid4()}/start"
    assert shops.refused(api, lambda: api.call("POST", gone))["code"] == "task_unknown"


def test_what_runs_by_itself_is_told(api):
    turns, end = dict[str, Any](), time.monotonic() + 30
    while not {"refresh", "sweep", "tasks"} <= set(turns):  # written once a second
        assert time.monotonic() < end, turns
        turns = {each["name"]: each for each in api.call("GET", "/v1/turns").json()["items"]}
    assert set(turns) <= set(TURNS), "each has words for people"
    assert turns["sweep"]["fault"] == "" and turns["sweep"]["well_at"] is not None


def test_a_task_tells_who_asked(api):
    found = begun(api, lines("i1,2026-11-01T10:00:00,S1,,TEA,1,2.50"), mapping=named("who"))
    assert task(api, found["task_id"])["asked_by"] == "test"
    listed = api.call("GET", "/v1/tasks?kind=imports&limit=1").json()
    assert listed["items"][0]["task_id"] == found["task_id"] and listed["next"]
