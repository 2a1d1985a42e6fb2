"""Staff sign in over HTTP: invitation, factors, sessions, limits."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from support import api as shops
from support.api import Api
from support.entering import GOOD, Person, call, code_of
from tessera.access.signing.core import limits


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        yield shop


@pytest.fixture(autouse=True)
def nobody_has_tried(api):
    """All tests come from one address; each begins as the first of its day."""
    api.eye.execute("DELETE FROM access.sign_in_limit")


def test_from_invitation_to_session(api):
    ada = Person(api, "security").enrol()
    mine = call(api, ada.token, "GET", "/v1/sessions").json()["items"]
    assert [(each["way"], each["device"], each["current"]) for each in mine] == [
        ("invitation", "laptop", True)
    ]
    said = ada.sign_in()
    assert said.status_code == 200, said.text
    session = said.json()
    assert session["token"].startswith("tsr_s") and session["role"] == "security"
    assert call(api, session["token"], "GET", "/v1/staff").status_code == 200
    assert call(api, session["token"], "POST", "/v1/program", {}).status_code in (403, 422)
    assert len(call(api, session["token"], "GET", "/v1/sessions").json()["items"]) == 2
    used_twice = ada.say("/v1/sign-in/invitation", invitation=ada.invitation)
    assert (used_twice.status_code, code_of(used_twice)) == (403, "invitation_wrong")


def test_an_invitation_is_told_once_and_ends(api):
    body = {"name": "B", "email": f"{uuid4().hex}@example.org", "role": "operator"}
    first = api.call("POST", "/v1/staff", body, key="invite-b")
    again = api.call("POST", "/v1/staff", body, key="invite-b")
    assert first.json()["invitation"] and again.json()["invitation"] is None
    known = api.call("POST", "/v1/staff", body | {"email": body["email"].upper()})
    assert (known.status_code, code_of(known)) == (409, "staff_known")
    api.eye.execute("UPDATE access.staff SET invited_until = now() WHERE email = %s",
                    [body["email"]])  # fmt: skip
    late = api.call("POST", "/v1/sign-in/invitation",
                    {"invitation": first.json()["invitation"]}, token="", key=None)  # fmt: skip
    assert code_of(late) == "invitation_wrong"


@pytest.mark.parametrize(
    "password", ["short", "password12345", "ada lovelace rules", "abababababab"]
)
def test_a_weak_password_is_refused_and_the_invitation_stays(api, password):
    ada = Person(api)
    ada.secret = ada.say("/v1/sign-in/invitation", invitation=ada.invitation).json()["app_secret"]
    said = ada.say("/v1/sign-in/invitation/use", invitation=ada.invitation, password=password,
                   code=ada.code())  # fmt: skip
    assert (said.status_code, code_of(said)) == (422, "password_weak")
    ada.enrol()


def test_nobody_comes_in_by_a_password_alone(api):
    ada = Person(api)
    said = ada.say("/v1/sign-in/invitation/use", invitation=ada.invitation, password=GOOD)
    assert code_of(said) == "factor_missing"
    ada.enrol()
    assert code_of(ada.sign_in(code="")) == "factor_missing"
    assert code_of(ada.sign_in(code="000000")) == "sign_in_wrong"


def test_a_code_of_the_app_counts_once_and_a_recovery_code_too(api):
    ada = Person(api).enrol()
    code = ada.code()
    assert ada.sign_in(code=code).status_code == 200
    assert code_of(ada.sign_in(code=code)) == "sign_in_wrong"
    assert ada.sign_in(code=ada.recovery[0].upper()).status_code == 200
    assert code_of(ada.sign_in(code=ada.recovery[0])) == "sign_in_wrong"
    assert len(set(ada.recovery)) == 10


def test_unknown_wrong_and_ended_are_refused_in_the_same_words(api):
    ada, gone = Person(api).enrol(), Person(api).enrol()
    assert api.call("POST", f"/v1/staff/{gone.id}/end").is_success
    body = {"password": GOOD, "code": "123456"}
    said = [
        ada.sign_in(password="maple tram violet ax"),
        gone.sign_in(code="123456"),
        ada.say("/v1/sign-in", email="nobody@example.org", **body),
    ]
    assert len({each.content for each in said}) == 1
    assert {each.status_code for each in said} == {403}


def test_an_ended_or_reset_person_is_out_within_seconds(api):
    for how in ("end", "reset", "sign-out"):
        ada = Person(api).enrol()
        assert call(api, ada.token, "GET", "/v1/sessions").status_code == 200
        assert api.call("POST", f"/v1/staff/{ada.id}/{how}").is_success
        assert call(api, ada.token, "GET", "/v1/sessions").status_code == 401, how
        assert ada.sign_in().is_success == (how == "sign-out")


def test_a_reset_begins_anew(api):
    ada = Person(api).enrol()
    said = api.call("POST", f"/v1/staff/{ada.id}/reset")
    ada.invitation = said.json()["invitation"]
    ada.enrol("another tram violet ox")
    assert ada.sign_in("another tram violet ox").status_code == 200


def test_the_last_owner_stays(api):
    ada, bob = Person(api, "owner"), Person(api, "owner")
    api.eye.execute("UPDATE access.staff SET ended_at = now() WHERE role = 'owner'"
                    " AND id <> ALL(%s::uuid[])", [[ada.id, bob.id]])  # fmt: skip
    assert api.call("POST", f"/v1/staff/{ada.id}/end").is_success
    said = api.call("POST", f"/v1/staff/{bob.id}/end")
    assert (said.status_code, code_of(said)) == (409, "last_owner")
    said = api.call("PATCH", f"/v1/staff/{bob.id}", {"role": "manager"})
    assert code_of(said) == "last_owner"


def head(api: Api) -> str:
    """A role that may invite and reset, and little else."""
    name = f"r{uuid4().hex[:12]}"
    grants = {"staff.invite": "all", "staff.reset": "all", "staff.list": "all"}
    assert api.call("POST", "/v1/roles", {"name": name, "grants": grants}).is_success
    return name


def test_nobody_gives_or_takes_over_what_he_does_not_have(api):
    sue, boss = Person(api, head(api)).enrol(), Person(api, "owner").enrol()
    body = {"name": "x", "email": f"{uuid4().hex}@example.org", "role": "owner"}
    said = call(api, sue.token, "POST", "/v1/staff", body)
    assert (said.status_code, code_of(said)) == (403, "not_yours_to_give")
    said = call(api, sue.token, "POST", f"/v1/staff/{boss.id}/reset")
    assert (said.status_code, code_of(said)) == (403, "not_yours_to_give")
    unknown = api.call("POST", "/v1/staff", body | {"role": "nobody"})
    assert code_of(unknown) == "role_unknown"
    member = api.call("POST", "/v1/staff", body | {"role": "member"})
    assert code_of(member) == "role_unknown"
    term = api.call("POST", "/v1/staff", body | {"role": "contractor"})
    assert code_of(term) == "expiry_missing"


def test_a_changed_role_counts_for_sessions_that_are_open(api):
    ada = Person(api, "security").enrol()
    assert call(api, ada.token, "GET", "/v1/staff").status_code == 200
    assert api.call("PATCH", f"/v1/staff/{ada.id}", {"role": "operator"}).is_success
    assert call(api, ada.token, "GET", "/v1/staff").status_code == 403


def test_an_expired_person_is_out(api):
    soon = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    ada = Person(api, expires_at=soon).enrol()
    api.eye.execute("UPDATE access.staff SET expires_at = now() WHERE id = %s", [ada.id])
    assert code_of(ada.sign_in()) == "sign_in_wrong"
    time.sleep(2.1)  # so long a gate remembers
    assert call(api, ada.token, "GET", "/v1/sessions").status_code == 401


@pytest.mark.parametrize(
    ("column", "ago"), [("opened_at", "12 hours"), ("seen_at", "30 minutes")]
)  # fmt: skip
def test_a_session_ends_by_age_and_by_idling(api, column, ago):
    ada = Person(api).enrol()
    with psycopg.connect(api.dsn) as conn:
        conn.execute(
            psycopg.sql.SQL("UPDATE access.person_session SET {} = now() - %s::interval"
                            " WHERE person_id = %s").format(psycopg.sql.Identifier(column)),
            [ago, ada.id],
        )  # fmt: skip
    assert call(api, ada.token, "GET", "/v1/sessions").status_code == 401


def test_a_session_is_ended_on_one_device(api):
    ada, eve = Person(api).enrol(), Person(api).enrol()
    other = ada.sign_in().json()
    said = call(api, eve.token, "POST", f"/v1/sessions/{other['session_id']}/end")
    assert (said.status_code, code_of(said)) == (404, "session_unknown")
    said = call(api, ada.token, "POST", f"/v1/sessions/{other['session_id']}/end")
    assert said.status_code == 200
    assert call(api, other["token"], "GET", "/v1/sessions").status_code == 401
    assert call(api, ada.token, "GET", "/v1/sessions").status_code == 200


def test_a_session_is_made_fresh_again(api):
    ada = Person(api).enrol()
    api.eye.execute("UPDATE access.person_session SET proved_at = now() - interval '1 hour'"
                    " WHERE person_id = %s", [ada.id])  # fmt: skip
    wrong = call(api, ada.token, "POST", "/v1/sessions/renew",
                 {"password": "maple tram violet ax", "code": ada.code()})  # fmt: skip
    assert code_of(wrong) == "sign_in_wrong"
    said = call(api, ada.token, "POST", "/v1/sessions/renew",
                {"password": GOOD, "code": ada.code()})  # fmt: skip
    assert said.status_code == 200, said.text
    (mine,) = call(api, ada.token, "GET", "/v1/sessions").json()["items"]
    age = datetime.now(UTC) - datetime.fromisoformat(mine["proved_at"])
    assert age < timedelta(minutes=1)
    key = api.call("POST", "/v1/sessions/renew", {"password": GOOD})
    assert (key.status_code, code_of(key)) == (409, "session_missing")


def test_tries_in_vain_wait_longer_and_longer_and_good_ones_stay_good(api):
    ada, bob = Person(api).enrol(), Person(api).enrol()
    assert ada.sign_in().is_success
    said = [bob.sign_in(password=f"maple tram violet {n}") for n in range(limits.ACCOUNT.free)]
    assert {code_of(each) for each in said} == {"sign_in_wrong"}
    waits = bob.sign_in()
    assert (waits.status_code, code_of(waits)) == (429, "too_many_tries"), "also the right one"
    for n in range(limits.NETWORK.free):
        Person.say(bob, "/v1/sign-in", email=f"{n}@example.org", password="x" * 12)
    eve = Person(api).enrol()
    assert code_of(eve.sign_in()) == "too_many_tries", "the whole network waits"
    ada.again()
    assert ada.sign_in().is_success, "but not who has signed in from here before"
