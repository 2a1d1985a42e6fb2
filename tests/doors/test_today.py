"""What the first page says over HTTP, and how the first owner comes in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from support import api as shops
from support.api import refused
from support.entering import GOOD, Person
from tessera.doors.setup import NAME, Setup, prepare


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as made:
        yield made


def today(api, token=None):
    said = api.call("GET", "/v1/today", token=token)
    assert said.status_code == 200, said.text
    return said.json()


def waiting(api, token=None):
    return {each["kind"]: each["count"] for each in today(api, token)["waiting"]}


def test_each_role_is_told_of_what_it_can_do_something_about(api):
    assert set(waiting(api)) == {
        "approvals", "incidents", "quarantine", "tills", "duplicates", "expiring", "budgets"
    }  # fmt: skip
    _, finance = api.issue("finance")
    assert set(waiting(api, finance)) == {"expiring", "budgets"}
    assert len(today(api, finance)["days"]) == 61
    _, security = api.issue("security")
    assert set(waiting(api, security)) == {"approvals", "incidents", "tills"}
    assert today(api, security)["days"] == [], "totals are not his"


def test_what_waits_is_counted(api):
    before = waiting(api)
    opened = api.call("POST", "/v1/incidents", {"kind": "till_offline", "detail": "off"}).json()
    assert waiting(api)["incidents"] == before["incidents"] + 1
    api.call("POST", f"/v1/incidents/{opened['incident_id']}/close", {"text": "on again"})
    assert waiting(api)["incidents"] == before["incidents"]
    silent, _ = api.issue("till", "S1")
    at = datetime.now(UTC) - timedelta(hours=25)
    api.eye.execute("UPDATE access.api_key SET last_used_at = %s WHERE id = %s", [at, silent])
    assert waiting(api)["tills"] == before["tills"] + 1
    api.call("POST", f"/v1/keys/{silent}/revoke")
    assert waiting(api)["tills"] == before["tills"], "whoever was ended is not missed"


def test_how_far_the_shop_has_come(api):
    begun = today(api)["begun"]
    assert begun["stores"] == 2 and begun["tills"] >= 2 and begun["batches"]
    assert api.post("/v1/receipts", api.basket()).status_code == 201
    assert today(api)["begun"]["receipts"]


# The first owner ---------------------------------------------------------------------------------


@pytest.fixture
def empty(server, template, tmp_path):
    """A shop in which nobody of staff is, and the code of its installation."""
    with shops.fresh(server, template, data_dir=tmp_path) as made:
        yield made, prepare(made.dsn, tmp_path / NAME)


def begin(api, code, email="anna@example.org"):
    body = {"code": code, "name": "Anna Rossi", "email": email}
    return api.call("POST", "/v1/setup/owner", body, token="", key=None)


def test_the_first_owner_comes_in_by_the_code_and_nobody_after_him(empty, tmp_path):
    api, code = empty
    assert re.fullmatch(r"([a-z2-9]{4}-){2}[a-z2-9]{4}", code)
    assert prepare(api.dsn, tmp_path / NAME) == code, "every process has the same"
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0
    assert api.call("GET", "/v1/setup", token="").json() == {"open": True, "fresh": True}
    wrong = refused(api, lambda: begin(api, "aaaa-bbbb-cccc"))
    assert (wrong["code"], wrong["field"]) == ("setup_code_wrong", "code")
    assert begin(api, code, "x").json()["code"] == "email_invalid"
    founded = begin(api, f" {code.upper().replace('-', ' ')} ")
    assert founded.status_code == 201, founded.text
    again = begin(api, code)  # the page was closed: the invitation before is void
    assert again.json()["staff_id"] == founded.json()["staff_id"]
    owner = Person.__new__(Person)
    owner.api, owner.email, owner.id = api, "anna@example.org", again.json()["staff_id"]
    owner.invitation = founded.json()["invitation"]
    with pytest.raises(AssertionError):
        owner.enrol()
    owner.invitation = again.json()["invitation"]
    owner.enrol(GOOD)
    assert api.call("GET", "/v1/staff", token=owner.token).json()["items"][0]["role"] == "owner"
    assert api.call("GET", "/v1/setup", token="").json() == {"open": False, "fresh": False}
    assert refused(api, lambda: begin(api, code, "bob@example.org"))["code"] == "setup_over"
    assert prepare(api.dsn, tmp_path / NAME) == ""
    assert not (tmp_path / NAME).exists()


def test_without_a_code_nobody_begins(empty, tmp_path):
    api, _ = empty
    (tmp_path / NAME).unlink()
    assert begin(api, "-").json()["code"] == "setup_code_wrong"
    assert not Setup(None).fits("") and not Setup(tmp_path / NAME).fits("")
