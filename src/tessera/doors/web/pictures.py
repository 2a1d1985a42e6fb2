"""Codes that a machine reads, as one SVG path: attributes only, no style, black on white."""

from __future__ import annotations

from dataclasses import dataclass

import segno

QUIET = 4  # modules of white around a QR code, as the standard asks


@dataclass(frozen=True, slots=True)
class Picture:
    """`width` by `height` modules with the white around them; `path` draws what is black."""

    width: int
    height: int
    path: str


def qr(text: str) -> Picture:
    """The QR code of a text, never a micro one. Errors: segno.DataOverflowError, it is too long."""
    return square(segno.make_qr(text, error="m"))


def square(made: segno.QRCode) -> Picture:
    """A QR code as a picture."""
    rows = ["".join(map(str, row)) for row in made.matrix]
    size = len(rows) + 2 * QUIET
    path = "".join(
        f"M{QUIET + x} {QUIET + y}h{length}v1h-{length}z"
        for y, row in enumerate(rows)
        for x, length in runs(row)
    )
    return Picture(size, size, path)


def runs(bits: str) -> list[tuple[int, int]]:
    """(where, how long) of each run of ones."""
    found, at = [], 0
    for each in bits.split("0"):
        if each:
            found.append((at, len(each)))
        at += len(each) + 1
    return found


def svg(picture: Picture, label: str, side: str = "") -> bytes:
    """A picture as a file of its own.

    side  how wide and high it is where nothing else says so: `60mm`
    """
    said = label.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    box = f"0 0 {picture.width} {picture.height}"
    sides = f' width="{side}" height="{side}"' if side else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"{sides} role="img" '
        f'aria-label="{said}" shape-rendering="crispEdges"><rect width="{picture.width}" '
        f'height="{picture.height}" fill="#fff"/><path d="{picture.path}" fill="#000"/></svg>'
    ).encode()
