"""Answers as they are kept: squeezed with a dictionary of the words that every answer has."""

from __future__ import annotations

import zlib

_OVER = 512  # bytes; below, squeezing costs more than it saves
# A window of 2 KB and little memory: the usual 256 KB cost more to clear than an answer to squeeze
# (7 against 68 microseconds for 1.6 KB), and the bytes come out the same size.
_WINDOW, _MEMORY = -11, 4
# What answers say over and over, the most frequent last (distances are short there): half the time
# and half the bytes. It must never change, or what was kept could not be read any more; another one
# needs another mark.
_WORDS = (
    b'"kind":"return","refund_minor":"differences":[],"held_until":"202"could_spend":{"points"'
    b':100,"minor":100},"trimmed":"item":"hidden":true,"code":"not_asked","lacking":0,"why":"t'
    b'he member did not ask to pay with points"}],{"kind":"payment","rule":"pay","mechanic":"p'
    b'ay_with_points","version":1,"screen":" points pay ","slip":"paid with  points"{"kind":"d'
    b'iscount","rule":"{"id":"019","kind":"sale","number":"","currency":"EUR","program_version'
    b'":1,"gross_minor":1150,"to_pay_minor":1150,"points_earned":20,"points_spent":100,"balanc'
    b'e":{"available":100,"held":0,"debt":0,"balance":100},"effects":[{"kind":"points","rule":'
    b'"base","mechanic":"base_rate","version":1,"given":20,"wanted":20,"lines":[[1,1],[2,2]],"'
    b'numbers":{"count":20,"base_minor":1000,"points":1,"per_minor":100},"screen":"+20 points:'
    b' 2 for every 1.00 EUR","slip":"20 points"}],"silent":[],"screen":["+20 points","balance '
    b'100 points"],"slip":["20 points","Your points: 100"]}"lines":[{"line":2,"total_minor":20'
    b'0,"to_pay_minor":100,"discount_minor":100,"by_points_minor":10,"points":2},{"line":1,"to'
    b'tal_minor":100,"to_pay_minor":100,"points":1}],'
)
_SQUEEZE = zlib.compressobj(1, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_DEFAULT_STRATEGY, _WORDS)


def pack(body: bytes) -> bytes:
    """An answer's bytes as they are kept: the first byte tells how the rest is squeezed."""
    if len(body) > _OVER:
        squeeze = _SQUEEZE.copy()
        return b"\x01" + squeeze.compress(body) + squeeze.flush()
    return b"\x00" + body


def unpack(kept: bytes) -> bytes:
    """What `pack` kept, byte for byte. Errors: zlib.error if it is none of ours."""
    if kept[:1] == b"\x01":
        return zlib.decompressobj(_WINDOW, _WORDS).decompress(kept[1:])
    return kept[1:]
