"""A QR code as one SVG path: attributes only, no style; always dark on white."""

from __future__ import annotations

from dataclasses import dataclass

import segno

QUIET = 4  # modules of white around it, as the standard asks


@dataclass(frozen=True, slots=True)
class Picture:
    """A square of `size` modules, quiet zone included; `path` draws the dark ones."""

    size: int
    path: str


def qr(text: str) -> Picture:
    """The QR code of a text, never a micro one. Errors: segno.DataOverflowError, it is too long."""
    rows = [bytes(row) for row in segno.make_qr(text, error="m").matrix]
    parts = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            end = x
            while end < len(row) and row[end]:
                end += 1
            if end > x:
                parts.append(f"M{x + QUIET} {y + QUIET}h{end - x}v1h-{end - x}z")
            x = end + 1
    return Picture(len(rows) + 2 * QUIET, "".join(parts))
