"""Joining with an account at somebody else's: a real identity provider, run here."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from doors.test_providers import CLIENT, at_provider, issuer
from support import api as shops
from support.api import Api
from support.home import PROGRAM, YES, digits

__all__ = ["issuer"]  # a fixture


@pytest.fixture(scope="module")
def api(server, template, issuer):
    told = issuer.replace("//", f"//{CLIENT}:s3cret@")
    settings = {"public_url": "https://shop.example", "oidc_members_url": told}
    with shops.fresh(server, template, **settings) as shop:
        shop.publish(PROGRAM)
        yield shop


def joined(api: Api, issuer: str, subject: str, claims: dict[str, Any], **more: Any) -> Any:
    said = api.call("POST", "/v1/join/provider", {}, token="", key=None)
    assert said.status_code == 200, said.text
    out = said.json()
    code = at_provider(issuer, out, subject, **claims)
    body = {"code": code, "binding": out["binding"], "born_on": "1990-05-01"} | more
    return api.call("POST", f"/v1/join/provider/{out['state']}", body, token="", key=None)


def test_somebody_joins_with_a_verified_address_and_is_known_the_next_time(api, issuer):
    subject = uuid4().hex
    claims = {"email": f"p{digits()}@example.org", "email_verified": True, "name": "Ada B. Rossi"}
    first = joined(api, issuer, subject, claims, consents=[YES], source="leaflet").json()
    assert first["joined"]
    me = api.call("GET", "/v1/me", token=first["token"]).json()
    assert (me["given_name"], me["family_name"]) == ("Ada B.", "Rossi")
    assert me["identifiers"][0]["verified_at"]
    now = api.call("GET", "/v1/me/consents", token=first["token"]).json()["now"]
    assert [each["state"] for each in now] == ["given"]
    again = joined(api, issuer, subject, claims, born_on=None).json()
    assert (again["joined"], again["member_id"]) == (False, first["member_id"])
    row = api.eye.execute(
        "SELECT way, source FROM members.joining WHERE member_id = %s", (first["member_id"],)
    ).fetchone()
    assert row == ("sign_in", "leaflet")


@pytest.mark.parametrize(
    ("claims", "more", "code"),
    [
        ({"email_verified": False}, {}, "email_not_verified"),
        ({}, {}, "email_not_verified"),
        ({"email_verified": True}, {"born_on": None}, "born_on_missing"),
        ({"email_verified": True}, {"born_on": "2020-01-01"}, "too_young"),
        ({"email_verified": True}, {"consents": [YES | {"wording": "v9"}]}, "wording_unknown"),
    ],
)
def test_who_may_not_join_does_not(api, issuer, claims, more, code):
    before = api.rows()["members.member"]
    claims = {"email": f"p{digits()}@example.org"} | claims
    said = joined(api, issuer, uuid4().hex, claims, **more)
    assert said.json()["code"] == code, said.text
    assert api.rows()["members.member"] == before


def test_by_a_campaign_that_is_over_one_joins_without_it(api, issuer):
    claims = {"email": f"p{digits()}@example.org", "email_verified": True}
    done = joined(api, issuer, uuid4().hex, claims, source="tv").json()
    row = api.eye.execute(
        "SELECT way, source FROM members.joining WHERE member_id = %s", (done["member_id"],)
    ).fetchone()
    assert row == ("sign_in", "")


def test_a_name_that_is_none_is_left_out(api, issuer):
    claims = {"email": f"p{digits()}@example.org", "email_verified": True, "name": "{{7*7}} <b>"}
    done = joined(api, issuer, uuid4().hex, claims).json()
    me = api.call("GET", "/v1/me", token=done["token"]).json()
    assert (me["given_name"], me["family_name"]) == ("", "")
