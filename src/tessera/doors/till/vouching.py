"""Signing in by passkey, or with an identity provider, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta, Struct

from tessera.access.signing import db, flows
from tessera.access.signing.core.words import Kind, Verified, ceremony_wrong
from tessera.access.signing.wire import Astray, Provider
from tessera.base.refusal import Refusal
from tessera.base.text import Name
from tessera.doors.call import Call, Operation
from tessera.doors.pages import uuid_of
from tessera.doors.till.signing import Secret, SignedIn, at, let_in_member, let_in_staff


class Ceremony(Struct, frozen=True):
    """What the browser is to be asked (`publicKey`), and by which id the answer comes back."""

    ceremony_id: UUID
    options: dict[str, Any]


class Shown(Struct, frozen=True, forbid_unknown_fields=True):
    """What the browser's `PublicKeyCredential.toJSON()` says."""

    credential: Annotated[dict[str, Any], Meta(max_length=16)]
    device: Name = ""


class WayOut(Struct, frozen=True, forbid_unknown_fields=True):
    """To the identity provider."""


class Provided(Struct, frozen=True):
    """Send the browser to `url`; it keeps `binding` and comes back with `state` and `code`."""

    url: str
    state: UUID
    binding: str


class CameBack(Struct, frozen=True, forbid_unknown_fields=True):
    """What came back from the provider, and what was kept."""

    code: Annotated[str, Meta(min_length=1, max_length=4096)]
    binding: Secret
    device: Name = ""


async def begin_entry(call: Call) -> Ceremony:
    """POST /v1/sign-in/passkey"""
    return Ceremony(*await flows.begin_entry(call.conn, at(call).site, call.now))


async def finish_entry(call: Call) -> SignedIn | Refusal:
    """POST /v1/sign-in/passkey/{ceremony_id}"""
    ceremony = uuid_of(call.path["ceremony_id"])
    if ceremony is None:
        return ceremony_wrong()
    key = await flows.finish_entry(
        call.conn, at(call).site, ceremony, call.body.credential, call.now
    )
    if isinstance(key, Refusal):
        return key
    if key.kind == "member":
        return await let_in_member(call, call.conn, key.person_id, "passkey", key.contact)
    found = await db.secrets_of(call.conn, key.person_id)
    if found is None or not found.staff.works(call.now):
        return ceremony_wrong()
    return await let_in_staff(call, call.conn, found.staff, "passkey")


async def begin_provider(call: Call) -> Provided | Refusal:
    """POST /v1/sign-in/provider"""
    return await way_out(call, "staff")


async def finish_provider(call: Call) -> SignedIn | Refusal:
    """POST /v1/sign-in/provider/{state}"""
    assert call.house is not None
    said = await vouched(call, "staff")
    if isinstance(said, Refusal):
        return said
    async with call.house.cabinet.connection() as conn:
        staff = await flows.whom(conn, said, call.now)
        if isinstance(staff, Refusal):
            return staff
        return await let_in_staff(call, conn, staff, "provider")


async def way_out(call: Call, kind: Kind) -> Provided | Refusal:
    """Begin with the provider of staff or of members. The operation is of kind `writer`.

    errors  provider_missing, provider_down
    """
    assert call.house is not None
    provider = at(call).providers.get(kind)
    if provider is None:
        return _no_provider()
    async with call.house.cabinet.connection() as conn:
        begun = await flows.begin_provider(conn, kind, call.now)
    try:
        url = await provider.way_out(str(begun.state), begun.nonce, begun.challenge)
    except Astray:
        return _provider_down()
    return Provided(url, begun.state, begun.binding)


async def vouched(call: Call, kind: Kind) -> Verified | Refusal:
    """Who came back, by the body (`CameBack`) and `{state}` of the address; checked.

    No connection is held while the provider takes its time: the operation is of kind `writer`.

    errors  provider_missing, provider_down, ceremony_wrong
    """
    assert call.house is not None
    provider, state = at(call).providers.get(kind), uuid_of(call.path["state"])
    if state is None:
        return ceremony_wrong()
    async with call.house.cabinet.connection() as conn:
        kept = await flows.come_back(conn, kind, state, call.body.binding, call.now)
    if isinstance(kept, Refusal):
        return kept
    return _no_provider() if provider is None else await _asked(provider, call.body.code, kept)


async def _asked(provider: Provider, code: str, kept: flows.Remembered) -> Verified | Refusal:
    try:
        return await provider.verified(code, kept.verifier, kept.nonce)
    except Astray:
        return _provider_down()


def _no_provider() -> Refusal:
    return Refusal(
        "provider_missing", "", "no identity provider is set up here",
        "sign in with a password or a code; TESSERA_OIDC_STAFF_URL sets one up",
    )  # fmt: skip


def _provider_down() -> Refusal:
    return Refusal(
        "provider_down", "", "the identity provider does not vouch for this, or does not answer",
        "begin again; if it stays so, sign in with a password",
    )  # fmt: skip


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "sign_in.passkey", "POST", "/v1/sign-in/passkey", begin_entry, Ceremony,
        "Begin to sign in by passkey", body=WayOut, example={},
    ),
    Operation(
        "sign_in.signed", "POST", "/v1/sign-in/passkey/{ceremony_id}", finish_entry, SignedIn,
        "Sign in by passkey", body=Shown, example={"credential": {"rawId": "AAAA"}},
    ),
    Operation(
        "sign_in.provider", "POST", "/v1/sign-in/provider", begin_provider, Provided,
        "Begin to sign in with an identity provider", kind="writer", key_optional=True,
        body=WayOut, example={},
    ),
    Operation(
        "sign_in.back", "POST", "/v1/sign-in/provider/{state}", finish_provider, SignedIn,
        "Sign in with an identity provider", kind="writer", key_optional=True, body=CameBack,
        example={"code": "x", "binding": "x3Jd0cJ8bq1oB8mJXy2y1w"},
    ),
)  # fmt: skip
