"""Ids are made here, in the application: UUID version 7, ordered by time."""

from __future__ import annotations

import os
import time
import uuid

_FIXED = 0x7 << 76 | 0b10 << 62  # version 7, the RFC's variant
_CHANCE = 0xFFF << 64 | 0x3FFF_FFFF_FFFF_FFFF  # where the random bits lie


def new_id() -> uuid.UUID:
    """A fresh UUIDv7: 48 bits of milliseconds, 74 random bits.

    source  RFC 9562, section 5.7
    """
    ms = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10), "big") & _CHANCE
    return uuid.UUID(int=ms << 80 | _FIXED | chance)
