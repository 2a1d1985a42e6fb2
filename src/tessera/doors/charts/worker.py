"""The process that draws: orders come in on standard input, pictures go out, one after the other.

A frame is its length in four bytes and so many bytes. An order is a `Drawing` as JSON; the answer
is the picture, or nothing at all where it cannot be drawn. It ends when its input ends: with the
service's process, however that ended.
"""

from __future__ import annotations

import sys
from typing import BinaryIO

import msgspec

from tessera.doors.charts.chart import Drawing

LENGTH = 4
READY = bytes(LENGTH)  # the first thing that a worker says
MOST_BYTES = 4 * 1024 * 1024


def serve(orders: BinaryIO, pictures: BinaryIO) -> None:
    """Draw until there are no more orders."""
    from tessera.doors.charts.drawing import svg  # here: heavy, and only for this process

    pictures.write(READY)
    pictures.flush()
    decoder = msgspec.json.Decoder(Drawing)
    while True:
        head = orders.read(LENGTH)
        if len(head) < LENGTH:
            return
        raw = orders.read(int.from_bytes(head, "big"))
        try:
            picture = svg(decoder.decode(raw)).encode()
        except Exception as error:  # one chart's mistake is not the next one's
            sys.stderr.write(f"chart: {type(error).__name__}\n")
            picture = b""
        pictures.write(len(picture).to_bytes(LENGTH, "big") + picture)
        pictures.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
