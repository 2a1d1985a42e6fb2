"""Passkeys: a device's key is registered, and signs in its owner."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from tessera.access.signing import db
from tessera.access.signing.begun import db as begun
from tessera.access.signing.core.words import PASSKEYS_MOST, Kind, Passkey, ceremony_wrong
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal

_ADD, _ENTER = "passkey", "sign-in"
_VERIFIED = UserVerificationRequirement.REQUIRED  # the device asks for a finger, a face or a PIN


class Site(Struct, frozen=True):
    """Where people sign in, as their browsers see it: https://shop.example and shop.example."""

    origin: str
    host: str


async def begin_passkey(
    conn: db.Conn, site: Site, person: UUID, called: str, now: datetime
) -> tuple[UUID, dict[str, Any]] | Refusal:
    """What the browser's `navigator.credentials.create` is to be asked, and by which id it ends.

    called  what the device shows as the account
    errors  limit_reached
    """
    known = await begun.list_passkeys(conn, person)
    if len(known) >= PASSKEYS_MOST:
        return Refusal("limit_reached", "", f"there are {len(known)} passkeys already",
                       "remove one that you no longer use")  # fmt: skip
    options = generate_registration_options(
        rp_id=site.host, rp_name="Tessera", user_id=person.bytes, user_name=called,
        user_display_name=called,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(key.credential_id) for key in known],
    )  # fmt: skip
    remembered = person.bytes + options.challenge
    return await begun.remember(conn, _ADD, remembered, now), json.loads(options_to_json(options))


async def finish_passkey(  # noqa: PLR0913 - whose key, what the browser brought
    conn: db.Conn,
    site: Site,
    ceremony: UUID,
    owner: tuple[Kind, UUID],
    credential: Mapping[str, Any],
    name: str,
    session: UUID,
    now: datetime,
) -> Passkey | Refusal:
    """Keep the device's key. Errors: ceremony_wrong; it must be begun again then.

    session  the one in which it is added: the key ends with what let that one in
    """
    kind, person = owner
    remembered = await begun.recall(conn, ceremony, _ADD, now)
    if remembered is None or remembered[:16] != person.bytes:
        return ceremony_wrong()
    try:
        shown = verify_registration_response(
            credential=dict(credential), expected_challenge=remembered[16:],
            expected_rp_id=site.host, expected_origin=site.origin, require_user_verification=True,
        )  # fmt: skip
    except Exception:  # whatever a parser of foreign bytes may raise, they are no key
        return ceremony_wrong()
    key = Passkey(
        shown.credential_id, new_id(), kind, person, shown.credential_public_key, shown.sign_count,
        name, now, None,
    )  # fmt: skip
    return key if await begun.add_passkey(conn, key, session) else ceremony_wrong()


async def begin_entry(conn: db.Conn, site: Site, now: datetime) -> tuple[UUID, dict[str, Any]]:
    """What `navigator.credentials.get` is to be asked: any key of this site, whoever it is."""
    options = generate_authentication_options(rp_id=site.host, user_verification=_VERIFIED)
    asked = json.loads(options_to_json(options))
    return await begun.remember(conn, _ENTER, options.challenge, now), asked


async def finish_entry(
    conn: db.Conn, site: Site, ceremony: UUID, credential: Mapping[str, Any], now: datetime
) -> Passkey | Refusal:
    """Whose device signed. Errors: ceremony_wrong, whatever was wrong with it."""
    challenge = await begun.recall(conn, ceremony, _ENTER, now)
    key = await begun.find_passkey(conn, _credential_id(credential))
    if challenge is None or key is None:
        return ceremony_wrong()
    try:
        shown = verify_authentication_response(
            credential=dict(credential), expected_challenge=challenge, expected_rp_id=site.host,
            expected_origin=site.origin, credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count, require_user_verification=True,
        )  # fmt: skip
    except Exception:  # as above
        return ceremony_wrong()
    await begun.used_passkey(conn, key.id, shown.new_sign_count, now)
    return replace(key, sign_count=shown.new_sign_count, used_at=now)


def _credential_id(credential: Mapping[str, Any]) -> bytes:
    try:
        return base64url_to_bytes(str(credential.get("rawId", "")))
    except ValueError:
        return b""
