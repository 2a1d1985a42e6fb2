"""Passkeys, with a device in software that signs as a real one does."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
import warnings
from base64 import urlsafe_b64decode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from support import api as shops
from support import database
from support.api import Api
from tessera.access.signing.core.words import Kind
from tessera.access.signing.flows import open_session
from tessera.doors.gate import REMEMBER_S

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of a library that the device stands on
    from soft_webauthn import SoftWebauthnDevice  # type: ignore[import-untyped]

ORIGIN = "https://shop.example"
USER_VERIFIED = 0x04


@pytest.fixture(scope="module")
def api(server, template):
    name = f"tessera_api_{uuid4().hex[:12]}"
    database.make(server, name, template)
    with shops.opened(database.at(server, name), public_url=ORIGIN) as shop:
        yield shop
    database.drop(server, name)


def raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def word(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class Device(SoftWebauthnDevice):  # type: ignore[misc]
    """It asks for a finger (`verifies`), which the library's does not say of itself."""

    def __init__(self, *, verifies: bool = True, origin: str = ORIGIN) -> None:
        super().__init__()
        self.verifies, self.origin = verifies, origin

    def made(self, options: dict[str, Any]) -> dict[str, Any]:
        """What a browser's toJSON() says of a fresh key."""
        asked = dict(options, challenge=raw(options["challenge"]))
        asked["user"] = dict(options["user"], id=raw(options["user"]["id"]))
        asked["pubKeyCredParams"] = [{"alg": -7, "type": "public-key"}]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            said = self.create({"publicKey": asked}, self.origin)
        said["response"]["attestationObject"] = self._verified(
            said["response"]["attestationObject"]
        )
        return told(said)

    def shown(self, options: dict[str, Any]) -> dict[str, Any]:
        """What a browser's toJSON() says of a signature."""
        asked = dict(options, challenge=raw(options["challenge"]), rpId=self.rp_id)
        said = self.get({"publicKey": asked}, self.origin)
        data = bytearray(said["response"]["authenticatorData"])
        data[32] |= USER_VERIFIED if self.verifies else 0
        client = hashes.Hash(hashes.SHA256())
        client.update(said["response"]["clientDataJSON"])
        said["response"]["authenticatorData"] = bytes(data)
        said["response"]["signature"] = self.private_key.sign(
            bytes(data) + client.finalize(), ec.ECDSA(hashes.SHA256())
        )
        return told(said)

    def _verified(self, attestation: bytes) -> bytes:
        """The flags follow the site's hash; no signature covers them in this format."""
        at = attestation.index(hashlib.sha256(self.rp_id.encode()).digest()) + 32
        flags = attestation[at] | (USER_VERIFIED if self.verifies else 0)
        return attestation[:at] + bytes([flags]) + attestation[at + 1 :]


def told(said: dict[str, Any]) -> dict[str, Any]:
    parts = {name: word(value) for name, value in said["response"].items() if value is not None}
    return {
        "id": word(said["rawId"]), "rawId": word(said["rawId"]), "type": "public-key",
        "response": parts, "clientExtensionResults": {}, "authenticatorAttachment": "platform",
    }  # fmt: skip


def signed_in(api: Api, kind: Kind = "member") -> tuple[UUID, str]:
    """Somebody's id, and the token of a session."""
    if kind == "member":
        body: dict[str, Any] = {"identifiers": [{"kind": "external", "value": uuid4().hex}]}
        person = UUID(api.call("POST", "/v1/members", body).json()["member_id"])
    else:
        body = {"name": "Ada", "email": f"{uuid4().hex}@example.org", "role": "operator"}
        person = UUID(api.call("POST", "/v1/staff", body).json()["staff_id"])

    async def open_() -> str:
        async with await database.connect(api.dsn) as conn:
            _, token = await open_session(
                conn,
                kind,
                person,
                "code",
                "test",
                datetime.now(UTC),
            )
            await conn.commit()
            return token

    return person, asyncio.run(open_())


def added(api: Api, device: Device, token: str, base: str = "/v1/me"):
    begun = api.call("POST", f"{base}/passkeys", {}, token=token, key=None)
    assert begun.status_code == 200, begun.text
    body = {"credential": device.made(begun.json()["options"]), "name": "phone"}
    return api.call(
        "POST", f"{base}/passkeys/{begun.json()['ceremony_id']}", body, token=token, key=None
    )


def begun_entry(api: Api) -> dict[str, Any]:
    return api.call("POST", "/v1/sign-in/passkey", {}, token="", key=None).json()


def entered(api: Api, device: Device, ceremony: dict[str, Any] | None = None, **other: Any):
    begun = ceremony or begun_entry(api)
    credential = device.shown(begun["options"]) | other
    path = f"/v1/sign-in/passkey/{begun['ceremony_id']}"
    return api.call("POST", path, {"credential": credential}, token="", key=None)


@pytest.mark.parametrize(("kind", "base"), [("member", "/v1/me"), ("staff", "/v1")])
def test_a_device_is_added_and_signs_its_owner_in(api, kind, base):
    device = Device()
    person, token = signed_in(api, kind)
    made = added(api, device, token, base)
    assert made.status_code == 201, made.text
    said = entered(api, device)
    assert said.status_code == 200, said.text
    assert (said.json()["person_id"], said.json()["kind"]) == (str(person), kind)
    mine = api.call("GET", f"{base}/passkeys", token=said.json()["token"]).json()["items"]
    assert [(each["name"], each["used_at"] is not None) for each in mine] == [("phone", True)]
    gone = f"{base}/passkeys/{mine[0]['passkey_id']}/remove"
    other = signed_in(api, kind)[1]
    assert api.call("POST", gone, token=other, key=None).status_code == 404
    assert api.call("POST", gone, token=token, key=None).status_code == 200
    assert entered(api, device).status_code == 403


@pytest.mark.parametrize(("kind", "base"), [("member", "/v1/me"), ("staff", "/v1")])
def test_who_was_signed_in_long_ago_adds_none(api, kind, base):
    """Or a session that somebody else found open would become a way in of its own."""
    person, token = signed_in(api, kind)
    begun = api.call("POST", f"{base}/passkeys", {}, token=token, key=None).json()
    api.eye.execute(
        "UPDATE access.person_session SET proved_at = now() - interval '11 minutes'"
        " WHERE person_id = %s",
        [person],
    )
    time.sleep(REMEMBER_S + 0.2)
    body = {"credential": Device().made(begun["options"])}
    path = f"{base}/passkeys/{begun['ceremony_id']}"
    for said in (
        api.call("POST", f"{base}/passkeys", {}, token=token, key=None),
        api.call("POST", path, body, token=token, key=None),
    ):
        assert (said.status_code, said.json()["code"]) == (403, "sign_in_stale")
    assert api.call("GET", f"{base}/passkeys", token=token).json()["items"] == []


@pytest.mark.parametrize(("kind", "base"), [("member", "/v1/me"), ("staff", "/v1")])
def test_ones_own_doings_at_the_entrance_are_in_the_log(api, kind, base):
    device = Device()
    person, token = signed_in(api, kind)
    added_ = added(api, device, token, base).json()
    opened = entered(api, device).json()
    api.call("POST", f"{base}/sessions/{opened['session_id']}/end", token=token, key=None)
    api.call("POST", f"{base}/passkeys/{added_['passkey_id']}/remove", token=token, key=None)
    api.call("POST", f"{base}/passkeys/{uuid4()}/remove", token=token, key=None)  # refused: none
    said = api.call("GET", f"/v1/audit?subject={person}").json()["items"]
    own = "me." if kind == "member" else ""
    assert [each["operation"] for each in said][:4] == [
        f"{own}passkey.remove", f"{own}session.end", f"sign_in.{kind}", f"{own}passkey.add",
    ]  # fmt: skip
    assert {each["by"]["kind"] for each in said[:4]} == {kind}


def test_what_is_wrong_with_a_signature_is_not_told(api):
    device = Device()
    _, token = signed_in(api)
    assert added(api, device, token).status_code == 201
    begun = begun_entry(api)
    good = device.shown(begun["options"])
    path = f"/v1/sign-in/passkey/{begun['ceremony_id']}"

    def send(credential: dict[str, Any], to: str = path):
        return api.call("POST", to, {"credential": credential}, token="", key=None)

    assert send(good).status_code == 200
    bad = [
        send(good),  # the ceremony is over
        entered(api, device, response={"clientDataJSON": "e30"}),
        entered(api, device, rawId=word(b"nobody's")),
        send({"rawId": 7}),
        send(good, f"/v1/sign-in/passkey/{begun_entry(api)['ceremony_id']}"),
        send(good, f"/v1/sign-in/passkey/{uuid4()}"),
    ]
    device.origin = "https://shop.example.evil"
    bad.append(entered(api, device))
    device.origin, device.verifies = ORIGIN, False
    bad.append(entered(api, device))
    device.verifies, device.sign_count = True, 0
    bad.append(entered(api, device))  # its count runs backwards: somebody has copied it
    assert {each.status_code for each in bad} == {403}, [each.text for each in bad]
    assert len({each.content for each in bad}) == 1


def test_a_fresh_key_must_be_verified_from_here_and_its_own(api):
    _, mine = signed_in(api)
    _, other = signed_in(api)
    assert added(api, Device(verifies=False), mine).status_code == 403
    assert added(api, Device(origin="http://shop.example"), mine).status_code == 403
    begun = api.call("POST", "/v1/me/passkeys", {}, token=mine, key=None).json()
    body = {"credential": Device().made(begun["options"])}
    path = f"/v1/me/passkeys/{begun['ceremony_id']}"
    stolen = api.call("POST", path, body, token=other, key=None)
    assert (stolen.status_code, stolen.json()["code"]) == (403, "ceremony_wrong")
    device = Device()
    assert added(api, device, mine).status_code == 201
    again = api.call("POST", "/v1/me/passkeys", {}, token=mine, key=None).json()["options"]
    assert [each["id"] for each in again["excludeCredentials"]] == [word(device.credential_id)]


def test_signing_in_names_nobody(api):
    options = begun_entry(api)["options"]
    assert options.get("allowCredentials", []) == [] and options["userVerification"] == "required"
    assert options["rpId"] == "shop.example"


def test_of_many_uses_of_one_ceremony_one_signs_in(api):
    device = Device()
    _, token = signed_in(api)
    assert added(api, device, token).status_code == 201
    begun = begun_entry(api)
    body = {"credential": device.shown(begun["options"])}
    path = f"/v1/sign-in/passkey/{begun['ceremony_id']}"
    with ThreadPoolExecutor(8) as crowd:
        said = list(crowd.map(
            lambda _: api.call("POST", path, body, token="", key=None).status_code, range(8)
        ))  # fmt: skip
    assert sorted(said) == [200] + [403] * 7


def test_an_ended_person_comes_in_by_no_passkey(api):
    device = Device()
    person, token = signed_in(api, "staff")
    assert added(api, device, token, "/v1").status_code == 201
    assert api.call("POST", f"/v1/staff/{person}/end").is_success
    assert entered(api, device).status_code == 403


def test_a_ceremony_tells_a_dump_nothing(api):
    begun = begun_entry(api)
    kept = api.eye.execute("SELECT t::text FROM access.ceremony AS t").fetchall()
    assert kept and begun["options"]["challenge"] not in json.dumps(kept)
    assert raw(begun["options"]["challenge"]).hex() not in json.dumps(kept)
