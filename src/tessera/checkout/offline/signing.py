"""Tokens of allowances: their terms and an Ed25519 signature, so that tills too can check them."""

from __future__ import annotations

import base64
import binascii

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tessera.checkout.offline.core import Terms

_encode = msgspec.json.Encoder(order="deterministic").encode


def fresh_key() -> tuple[bytes, bytes]:
    """A key pair: (private, public), 32 bytes each."""
    private = Ed25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def signed(terms: Terms, private: bytes) -> str:
    """The token: the terms as JSON and the signature of those bytes, each in base64url.

    source  RFC 8032 (Ed25519), RFC 4648 section 5 without padding; `terms.signature`
    """
    said = _encode(terms)
    return f"{_text(said)}.{_text(Ed25519PrivateKey.from_private_bytes(private).sign(said))}"


def read(token: str, public: bytes) -> Terms | None:
    """What a token says, if we signed it; None if we did not, or if it is none."""
    said, _, signature = token.partition(".")
    try:
        raw, mark = _raw(said), _raw(signature)
        if f"{_text(raw)}.{_text(mark)}" != token:
            return None  # base64 can spell the same bytes in several ways, we write one
        Ed25519PublicKey.from_public_bytes(public).verify(mark, raw)
        return msgspec.json.decode(raw, type=Terms)
    except (InvalidSignature, ValueError, binascii.Error, msgspec.MsgspecError):
        return None


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
