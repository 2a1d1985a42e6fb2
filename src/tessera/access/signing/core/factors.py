"""The six digits of an authenticator app, and recovery codes."""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp

STEP_S = 30
DRIFT = 1  # steps that a clock may be off, before and after
SECRET_BYTES = 20
RECOVERY_LETTERS = 10  # of 32: 50 bits
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # none that looks like another


def step_of(secret: str, code: str, now: datetime, last: int) -> int | None:
    """The step of 30 seconds in which the app showed this code; None if in none it could be.

    last    the step that was used last: it and all before it are used up
    source  RFC 6238 (SHA-1, six digits, 30 s), one step of drift to either side
    """
    if not (code.isascii() and code.isdecimal() and len(code) == 6):
        return None
    now_step = int(now.timestamp()) // STEP_S
    app, found = pyotp.TOTP(secret), None
    for step in range(now_step - DRIFT, now_step + DRIFT + 1):
        if hmac.compare_digest(app.generate_otp(step), code) and step > last:
            found = step if found is None else found
    return found


def app_address(secret: str, email: str, issuer: str) -> str:
    """What an authenticator app reads from a QR code (otpauth://)."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def recovery_code(chance: bytes) -> str:
    """A code to print: two groups of five letters and digits. Units: 10 random bytes."""
    assert len(chance) == RECOVERY_LETTERS, "a byte a letter"
    letters = "".join(_ALPHABET[byte % 32] for byte in chance)
    return f"{letters[:5]}-{letters[5:]}"


def normal_code(code: str) -> str:
    """A code as typed, without blanks and dashes, in small letters."""
    return "".join(letter for letter in code.lower() if letter.isalnum())
