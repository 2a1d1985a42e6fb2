"""The cipher: AES-256-GCM, one random nonce a value, bound to the person it is about."""

from __future__ import annotations

import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 12, 16
_FORM = b"\x01"  # how the bytes are laid out, so that another cipher can come


def fresh_key() -> bytes:
    """A person's key: 256 random bits."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, person: UUID, plain: bytes) -> bytes:
    """One form byte, the nonce, what was said, unreadable, and 16 bytes that show a change.

    units   29 bytes more than `plain`; twice the same says nothing alike
    errors  ValueError if the key has another size than 32 bytes
    source  NIST SP 800-38D; random nonces of 96 bits are good for 2**32 values a key
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    return _FORM + nonce + AESGCM(key).encrypt(nonce, plain, person.bytes)


def unseal(key: bytes, person: UUID, sealed: bytes) -> bytes | None:
    """What was said; None if this key did not seal it, for this person, or a byte has changed."""
    if sealed[:1] != _FORM or len(sealed) < 1 + NONCE_BYTES + TAG_BYTES:
        return None
    nonce, rest = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, rest, person.bytes)
    except InvalidTag:
        return None
