"""The program over HTTP and on the command line: checked, compared, published, rolled back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from support import api as shops
from support import database
from tessera.doors.cli.main import build
from tessera.doors.ground import Settings
from tessera.doors.till import OPERATIONS

BASE = {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100}
PROGRAM: dict[str, Any] = {"name": "Shop", "currency": "EUR", "rules": [BASE]}
WEEKEND = {"id": "weekend", "mechanic": "multiplier", "times_x100": 300,
           "when": {"weekday": ["sat", "sun"]}}  # fmt: skip
LATER = "2099-01-01T00:00:00+01:00"


@pytest.fixture
def api(server, template):
    with shops.fresh(server, template) as shop:
        yield shop


def publish(api, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    said = api.call("POST", "/v1/program/versions", {"program": body, **more})
    assert said.status_code == 201, said.text
    return said.json()


def test_all_faults_are_told_and_nothing_is_written(api):
    wrong = PROGRAM | {"rules": [BASE | {"points": 0}, {"id": "x", "mechanic": "y"}], "nam": 1}
    before = api.rows()
    said = api.call("POST", "/v1/program/check", wrong).json()
    assert [each["field"] for each in said["faults"]] == [
        "nam", "rules[0].points", "rules[1].mechanic"
    ]  # fmt: skip
    assert said["warnings"] == said["changes"] == []
    refused = shops.refused(api, lambda: api.call("POST", "/v1/program", wrong))
    assert (refused["code"], refused["field"]) == ("program_invalid", "nam")
    assert refused["why"].endswith("(2 more)")
    assert api.rows() == before


def test_what_would_change_is_told_in_sentences_with_warnings(api):
    said = api.call("POST", "/v1/program/check", PROGRAM | {"rules": [BASE, WEEKEND]}).json()
    assert said["faults"] == []
    assert said["changes"] == [
        "Setting name was Starter: 2 % of every purchase in points, becomes Shop",
        "Setting unknown_cards was any, becomes batches",
        "Rule pay is taken away; it was pay_with_points, points 1, worth 0.01 EUR",
        "Rule weekend is new: multiplier, times_x100 300, when it is Saturday or Sunday",
    ]
    codes = {(each["code"], each["rule"]) for each in said["warnings"]}
    assert codes == {("one_rule_for_all", ""), ("untested", "weekend")}
    dollars = api.call("POST", "/v1/program/check", PROGRAM | {"currency": "USD"}).json()
    assert [each["field"] for each in dollars["faults"]] == ["currency"]


def test_publishing_tells_what_to_think_about(api):
    made = publish(api, PROGRAM | {"rules": [BASE, WEEKEND]}, note="the weekend")
    assert (made["version"], made["overtaken"]) == (2, [])
    assert {each["code"] for each in made["warnings"]} == {"one_rule_for_all", "untested"}
    again = api.call("POST", "/v1/program", PROGRAM | {"rules": [BASE, WEEKEND]}).json()
    assert [each["code"] for each in again["warnings"]] == ["one_rule_for_all"]


def test_an_announced_version_waits_and_is_overtaken(api):
    made = publish(api, PROGRAM | {"name": "Later"}, starts_at=LATER, note="the new year")
    assert made["version"] == 2
    assert api.call("GET", "/v1/program").json()["version"] == 1
    states = [(v["version"], v["state"]) for v in versions(api)]
    assert states == [(2, "announced"), (1, "current")]
    receipt = api.call("POST", "/v1/receipts", api.basket())
    assert receipt.json()["program_version"] == 1
    assert publish(api, PROGRAM)["overtaken"] == [2]
    assert [(v["version"], v["state"], v["note"]) for v in versions(api)] == [
        (3, "current", ""), (2, "overtaken", "the new year"), (1, "past", ""),
    ]  # fmt: skip


def test_what_happened_before_stays_with_the_version_before(api):
    def decided(at: datetime) -> int:
        said = api.post("/v1/receipts", api.basket(happened_at=at.isoformat()))
        assert said.status_code == 201, said.text
        return said.json()["program_version"]

    before = datetime.now(UTC) - timedelta(seconds=1)
    for path, body in (
        ("/v1/program", PROGRAM),
        ("/v1/program/versions", {"program": PROGRAM, "note": "again"}),
        ("/v1/program/rollback", {"version": 2}),
    ):
        made = api.call("POST", path, body).json()
        assert before <= datetime.fromisoformat(made["starts_at"]) <= datetime.now(UTC)
        assert (decided(before), decided(datetime.now(UTC))) == (1, made["version"])
    for path, body in (
        ("/v1/program/versions", {"program": PROGRAM, "from_beginning": True}),
        ("/v1/program/rollback", {"version": 2, "from_beginning": True}),
    ):
        twice = body | {"starts_at": LATER}
        refused = shops.refused(api, partial(api.call, "POST", path, twice))
        assert (refused["code"], refused["field"]) == ("program_invalid", "from_beginning")
        made = api.call("POST", path, body).json()
        assert made["starts_at"] is None
        for at in (datetime(2011, 1, 1, tzinfo=UTC), before, datetime.now(UTC)):
            assert decided(at) == made["version"]


def versions(api) -> list[dict[str, Any]]:
    return api.call("GET", "/v1/program/versions").json()["items"]


def test_versions_come_in_pages_and_one_by_one(api):
    for n in range(2, 6):
        publish(api, PROGRAM | {"name": f"Version {n}"})
    first = api.call("GET", "/v1/program/versions?limit=2").json()
    assert [each["version"] for each in first["items"]] == [5, 4]
    rest = api.call("GET", f"/v1/program/versions?limit=9&cursor={first['next']}").json()
    assert [each["version"] for each in rest["items"]] == [3, 2, 1] and rest["next"] is None
    assert rest["items"][1]["name"] == "Version 2" and rest["items"][1]["rules"] == 1
    assert rest["items"][1]["published_by"] and rest["items"][2]["published_by"] is None
    three = api.call("GET", "/v1/program/versions/3").json()
    assert three == {"version": 3, "program": PROGRAM | {"name": "Version 3"}}
    for word in ("0", "99", "x", "-1", "9999999999", "1.0", "%C2%B2"):
        said = api.call("GET", f"/v1/program/versions/{word}")
        assert (said.status_code, said.json()["code"]) == (404, "version_unknown")
    for cursor in ("x", "W10", "WyJ4Il0", "WyI5OTk5OTk5OTk5OTkiXQ"):
        said = api.call("GET", f"/v1/program/versions?cursor={cursor}")
        assert (said.status_code, said.json()["code"]) == (400, "cursor_unknown")


def test_a_rollback_is_a_new_version_with_the_old_body(api):
    publish(api, PROGRAM)
    publish(api, PROGRAM | {"rules": [BASE, WEEKEND]})
    said = api.call("POST", "/v1/program/rollback", {"version": 2}).json()
    assert said["version"] == 4 and said["rules"] == ["base"]
    assert api.call("GET", "/v1/program").json()["program"] == PROGRAM
    assert versions(api)[0]["note"] == "back to version 2"
    before = api.rows()
    for version in (9, 2**31 - 1):
        gone = api.call("POST", "/v1/program/rollback", {"version": version})
        assert (gone.status_code, gone.json()["code"]) == (404, "version_unknown")
    assert api.call("POST", "/v1/program/rollback", {"version": 0}).status_code == 400
    assert api.rows() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"program": PROGRAM, "starts_at": "2027-01-01"}, "starts_at"),
        ({"program": PROGRAM, "starts_at": "2027-01-01T00:00:00"}, "starts_at"),
        ({"program": PROGRAM, "starts_at": "0001-01-01T00:00:00Z"}, "starts_at"),
        ({"program": PROGRAM, "starts_at": "9999-12-31T23:59:59Z"}, "starts_at"),
        ({"program": PROGRAM, "note": "x\x00"}, "note"),
        ({"program": PROGRAM, "note": "x" * 201}, "note"),
        ({"program": []}, "program"),
        ({"program": PROGRAM | {"numbers": {"a": "\x00"}}}, "numbers.a"),
        ({"program": PROGRAM | {"numbers": {"\x00": 1}}}, "numbers.\x00"),
        ({"program": PROGRAM | {"version": "\x00"}}, "version"),
        ({"program": PROGRAM | {"rules": [{}] * 3000}}, "rules"),
    ],
)
def test_a_bad_release_is_refused_without_a_trace(api, body, field):
    said = shops.refused(api, lambda: api.call("POST", "/v1/program/versions", body))
    assert said["field"] == field


def test_a_deep_program_is_refused(api):
    deep = b'{"not": ' * 5_000 + b"1" + b"}" * 5_000
    for path, body in (
        ("/v1/program/versions", b'{"program": {"rules": [], "a": ' + deep + b"}}"),
        ("/v1/program/check", b'{"rules": [], "a": ' + deep + b"}"),
    ):
        assert api.call("POST", path, body).status_code in (400, 422)
    middle = b'{"not": ' * 200 + b"1" + b"}" * 200
    body = b'{"program": {"rules": [], "a": ' + middle + b"}}"
    said = api.call("POST", "/v1/program/versions", body)
    assert said.status_code == 422 and "nested" in said.json()["why"]


def test_the_same_call_again_is_the_same_version(api):
    body = {"program": PROGRAM, "starts_at": LATER}
    first = api.call("POST", "/v1/program/versions", body, key="k")
    again = api.call("POST", "/v1/program/versions", body, key="k")
    assert first.content == again.content
    other = api.call("POST", "/v1/program/versions", {"program": PROGRAM}, key="k")
    assert (other.json()["code"], other.json()["field"]) == ("key_reused", "starts_at")
    assert len(versions(api)) == 2


def test_only_the_office_sees_and_changes_programs(api):
    for row in OPERATIONS:
        if row.name.startswith("program."):
            path = row.path.format(version=1)
            said = api.call(row.method, path, row.example, token=api.till)
            assert said.status_code == 403, row.name


# The command line --------------------------------------------------------------------------------


class Shell:
    """`tessera program ...` against a database of its own."""

    def __init__(self, dsn: str, home: Path) -> None:
        self.dsn = dsn
        self.app = build(Settings(home / "data", database_url=dsn))

    def __call__(self, *words: str | Path, code: int = 0, said: str = "") -> str:
        done = CliRunner().invoke(self.app, ["program", *map(str, words)], input=said)
        assert done.exit_code == code, (done.output, done.exception)
        assert code == 0 or not isinstance(done.exception, Exception), done.exception
        return done.output


@pytest.fixture
def shell(dsn, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Shell(dsn, tmp_path)


RULE = "id: weekend\nmechanic: multiplier\ntimes_x100: 200\nwhen: {weekday: [sat, sun]}\n"
TEST = """\
at 2026-02-07 10:30
buy LATTE 3 x 2.50
----
LATTE 3 x 2.50       7.50
to pay               7.50
points                 30
"""


def write(place: Path, **files: str) -> None:
    for name, text in files.items():
        path = place / name.replace("__", "/").replace("_yaml", ".yaml").replace("_txt", ".txt")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_from_export_to_rollback(shell, tmp_path):
    shop = tmp_path / "shop"
    assert shell("export", "shop") == "version 1 written to shop: 3 files\n"
    assert "there is a program already" in shell("export", "shop", code=1)
    assert shell("diff", "shop") == "nothing differs\n"
    write(shop, rules__15_yaml=RULE.replace("sun", "son"), tests__a_txt=TEST)
    wrong = shell("check", "shop", code=1)
    assert wrong.splitlines()[0].startswith("rules/15.yaml:4  when.weekday.days[1]: ")
    assert wrong.splitlines()[-1] == "1 mistake: nothing can be published"
    assert shell("publish", "shop", "--yes", code=1) == wrong
    assert shell("diff", "shop", code=1) == wrong

    write(shop, rules__15_yaml=RULE, tests__a_txt=TEST.replace("30", "31"))
    failed = shell("test", "shop", code=1).splitlines()
    assert failed[0] == "tests/a.txt:1  this receipt comes out otherwise"
    assert failed[-3:] == [
        "    - points                 31", "    + points                 30", "1 of 1 test failed"
    ]  # fmt: skip
    assert shell("publish", "shop", "--yes", code=1).splitlines() == failed

    write(shop, tests__a_txt=TEST)
    good = shell("check", "shop", "--published").splitlines()
    assert good[0] == "program.yaml:1  warning one_rule_for_all: every rule is for everybody alike"
    assert good[-1].endswith("3 rules, 1 test, no mistakes")
    assert "weekend is new" in shell("publish", "shop", code=1, said="n\n")
    published = shell("publish", "shop", "--note", "double", said="y\n").splitlines()
    assert published[-1].endswith("version 2 decides what happens from now on")
    assert shell("publish", "shop") == "nothing differs\n"

    write(shop, rules__15_yaml=RULE.replace("200", "300"), tests__a_txt=TEST.replace("30", "45"))
    later = shell("publish", "shop", "--from", "2099-01-01", "--yes").splitlines()
    assert later[-1] == "version 3 decides what happens from 2099-01-01 00:00 UTC on"
    assert shell("diff", "2", "3") == "Rule weekend: times_x100 was 200, becomes 300\n"
    assert shell("diff", "published", "2") == "nothing differs\n"
    back = shell("rollback", "1", "--yes").splitlines()
    assert back[-2:] == [
        "it is to decide what happens from now on",
        "version 4 decides what happens from now on",
    ]
    assert "version 3, announced for 2099-01-01 00:00 UTC, will never decide" in back
    listed = [line.split() for line in shell("list").splitlines()]
    assert [(line[0], line[1]) for line in listed] == [
        ("4", "current"), ("3", "overtaken"), ("2", "past"), ("1", "past"),
    ]  # fmt: skip
    assert "back to version 1" in shell("list", "--most", "1")
    assert shell("export", "again", "--version", "3") == "version 3 written to again: 4 files\n"
    assert shell("diff", "again", "3") == "nothing differs\n"


def test_a_receipt_of_a_till_is_printed_with_every_why(shell, tmp_path):
    shell("export", "shop")
    write(tmp_path / "shop", rules__15_yaml=RULE)
    receipt = next(row.example for row in OPERATIONS if row.name == "receipt.confirm")
    monday = receipt | {"happened_at": "2026-02-09T23:30:00+01:00", "spend": {"points": 100}}
    (tmp_path / "r.json").write_text(json.dumps(monday), encoding="utf-8")
    told = shell("test", "shop", "r.json")
    assert "2026-02-09 23:30" in told and "paid with 100 points" in told
    assert "why base: " in told and "not weekend: only on Saturday or Sunday" in told
    for broken in ("{", "[]", json.dumps(monday | {"total_minor": 1}), "[" * 100_000):
        (tmp_path / "r.json").write_text(broken, encoding="utf-8")
        assert shell("test", "shop", "r.json", code=1)
    (tmp_path / "more.txt").write_text(TEST, encoding="utf-8")
    assert "1 test, no mistakes" in shell("test", "shop", "more.txt")
    assert "no such file" in shell("test", "shop", "none.txt", code=1).lower()


def test_dates_are_days_where_the_stores_are(shell, tmp_path):
    def starts() -> list[str]:
        with psycopg.connect(shell.dsn) as conn:
            sql = "SELECT starts_at AT TIME ZONE 'UTC' FROM program.version ORDER BY version"
            return [str(row[0]) for row in conn.execute(sql)]

    def open_store(name: str, zone: str) -> None:
        with psycopg.connect(shell.dsn) as conn:
            conn.execute("INSERT INTO warehouse.store (id, name, time_zone) VALUES (%s, %s, %s)",
                         (name, name, zone))  # fmt: skip

    shell("export", "shop")
    open_store("S1", "Europe/Rome")
    shell("publish", "shop", "--from", "2027-07-01", "--yes")
    assert starts()[-1] == "2027-06-30 22:00:00"
    open_store("S2", "Europe/London")
    asked = shell("publish", "shop", "--from", "2027-07-01", "--yes", code=1)
    assert asked == "the stores are in Europe/London, Europe/Rome: say one with --time-zone\n"
    shell("publish", "shop", "--from", "2027-07-02", "--time-zone", "Europe/London", "--yes")
    shell("publish", "shop", "--from", "2027-07-03T06:00-04:00", "--yes")
    assert starts()[-2:] == ["2027-07-01 23:00:00", "2027-07-03 10:00:00"]
    for words in (("tomorrow",), ("2027-07-04", "--time-zone", "Rome"), ("1850-01-01T00:00Z",)):
        assert shell("publish", "shop", "--yes", "--from", *words, code=1)
    assert len(starts()) == 4
    shell("publish", "shop", "--from", "beginning", code=1, said="n\n")
    told = shell("publish", "shop", "--from", "beginning", "--yes").splitlines()
    assert (
        told[-1] == "version 5 decides whatever arrives from now on, late receipts of any age too"
    )
    assert starts()[-1] == "None"
    write(tmp_path / "shop", rules__15_yaml=RULE)
    before = datetime.now(UTC).replace(tzinfo=None)
    shell("publish", "shop", "--yes")
    assert before <= datetime.fromisoformat(starts()[-1]) <= datetime.now(UTC).replace(tzinfo=None)


@pytest.mark.parametrize(
    "words",
    [("check", "nowhere"), ("diff", "nowhere"), ("diff", "99"), ("rollback", "99", "--yes"),
     ("export", "x", "--version", "99"), ("publish", "nowhere"), ("test", "nowhere")],
)  # fmt: skip
def test_what_is_not_there_is_said(shell, words):
    assert "there is no" in shell(*words, code=1)


def test_checking_touches_no_database(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "shop", program_yaml="name: Shop\ncurrency: EUR\n", rules__1_yaml=RULE)
    shell = Shell("postgresql://nobody@127.0.0.1:1/nothing", tmp_path)
    assert "1 rule, 0 tests, no mistakes" in shell("check", "shop")
    assert "1 rule, 0 tests, no mistakes" in shell("test", "shop")
    assert shell("diff", "shop", "shop") == "nothing differs\n"
    assert not (tmp_path / "data").exists()


def test_a_program_is_copied_from_one_installation_to_another(
    shell, server, template, tmp_path, dsn
):  # fmt: skip
    write(tmp_path / "sandbox", program_yaml="name: Shop\ncurrency: EUR\n", rules__1_yaml=RULE)
    shell("publish", "sandbox", "--yes")
    shell("export", "copy")
    other = f"{psycopg.conninfo.conninfo_to_dict(dsn)['dbname']}_production"
    database.make(server, other, template)
    try:
        production = Shell(database.at(server, other), tmp_path)
        production("publish", "copy", "--yes")
        bodies = []
        for place in (shell.dsn, production.dsn):
            with psycopg.connect(place) as conn:
                row = conn.execute("SELECT body FROM program.version WHERE version = 2").fetchone()
                bodies.append(row)
        assert bodies[0] == bodies[1] and bodies[0] is not None
    finally:
        database.drop(server, other)
