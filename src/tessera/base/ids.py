"""Ids are made here, in the application: UUID version 7, ordered by time."""

from __future__ import annotations

import os
import time
import uuid


def new_id() -> uuid.UUID:
    """A fresh UUIDv7: 48 bits of milliseconds, 74 random bits.

    source  RFC 9562, section 5.7
    """
    ms = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10), "big")
    high = chance >> 68
    low = chance & 0x3FFF_FFFF_FFFF_FFFF
    return uuid.UUID(int=ms << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
