"""`tessera staff`: the first owner comes in by it."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pyotp
import pytest
from typer.testing import CliRunner

from support import api as shops
from tessera.doors.cli.main import build
from tessera.doors.ground import Settings

GOOD, ANNA = "maple tram violet ox", "anna@example.org"


class Shell:
    """The command line over one database."""

    def __init__(self, dsn: str, place: Path) -> None:
        self.app = build(Settings(place, database_url=dsn))

    def __call__(self, *words: str, code: int = 0) -> str:
        said = CliRunner().invoke(self.app, ["staff", *words])
        assert said.exit_code == code, said.output
        return said.output.strip()


@pytest.fixture
def shell(dsn, tmp_path) -> Shell:
    return Shell(dsn, tmp_path)


def test_the_first_owner_comes_in_by_the_command_line(shell, dsn, tmp_path):
    invitation = shell("add", "Anna Rossi", ANNA.upper())
    with shops.opened(dsn, data_dir=tmp_path) as api:

        def say(path: str, body: dict) -> dict:
            said = api.call("POST", path, body, token="", key=None)
            assert said.is_success, said.text
            return said.json()

        secret = say("/v1/sign-in/invitation", {"invitation": invitation})["app_secret"]
        code = pyotp.TOTP(secret).now()
        body = {"invitation": invitation, "password": GOOD, "code": code}
        token = say("/v1/sign-in/invitation/use", body)["session"]["token"]
        listed = api.call("GET", "/v1/staff", token=token).json()["items"]
        assert [(each["email"], each["role"]) for each in listed] == [(ANNA, "owner")]
        entry = api.call("GET", "/v1/audit?operation=staff.invite", token=token).json()["items"][0]
        assert entry["by"]["kind"] == "command line"


def test_a_lost_phone_and_a_farewell(shell, dsn):
    first = shell("add", "Anna Rossi", ANNA)
    shell("add", "Bob", "bob@example.org", "--role", "operator")
    second = shell("reset", ANNA)
    assert first != second and re.fullmatch(r"[\w-]{32}", second)
    assert shell("end", "bob@example.org") == "ended"
    told = shell("list")
    assert re.search(r"owner +invited +anna@example.org", told)
    assert re.search(r"operator +ended +bob@example.org", told)
    assert first not in told and second not in told
    assert "nobody of staff" in shell("end", "bob@example.org", code=1)
    assert "nobody else at work is an owner" in shell("end", ANNA, code=1)
    with psycopg.connect(dsn) as conn:
        done = conn.execute("SELECT operation FROM access.audit ORDER BY at").fetchall()
    assert [row[0] for row in done] == ["staff.invite", "staff.invite", "staff.reset", "staff.end"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("Anna", ANNA, "--role", "nobody"), "there is no role"),
        (("Anna", ANNA, "--role", "member"), "there is no role"),
        (("Anna", ANNA, "--role", "contractor"), "for a term"),
        (("Anna", ANNA, "--role", "till"), "belongs to stores"),
        (("Anna", "anna"), "no e-mail address"),
    ],
)
def test_who_cannot_be_is_not_added(shell, words, why):
    assert why in shell("add", *words, code=1)
    assert shell("list") == ""


def test_an_address_is_had_once(shell):
    shell("add", "Anna", ANNA)
    assert "somebody of staff has this address" in shell("add", "Anna", ANNA, code=1)


def test_the_keys_of_whoever_leaves_are_named(shell, dsn, tmp_path):
    shell("add", "Anna Rossi", ANNA)
    shell("add", "Bob", "bob@example.org", "--role", "operator")
    with shops.opened(dsn, data_dir=tmp_path) as api:
        key_id, _ = api.issue("manager")
        api.eye.execute("UPDATE access.api_key SET issued_by = (SELECT id FROM access.staff"
                        " WHERE email = 'bob@example.org') WHERE id = %s", [key_id])  # fmt: skip
    told = shell("end", "bob@example.org").splitlines()
    assert told[0].startswith("ended; keys that work on") and told[1].startswith(key_id)
