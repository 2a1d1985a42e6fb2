"""A till's program that is to be killed: it sells, and says the number of each sale it let go.

    python -m faults.till_process DIRECTORY URL KEY SEED

Its line is cut half of the time, so that kills meet sales that are sent and sales that wait.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

from tessera.doors.cli.tills.line import CutTill
from tessera.members.core import card_number
from tessera.till import How, Line, Sale

CARD = card_number("2900", 0)
HOW = How(timeout_s=5, tries=1, failures=1, rest_s=0.0, rest_most_s=0.0)


def work(place: Path, url: str, key: str, chance: Random) -> None:
    """Sell until somebody ends it."""
    till = CutTill(place, url, key, "S1", "1", HOW)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        till.line.condition = chance.choice(("whole", "whole", "cut", "deaf"))
        card = chance.choice((CARD, None))
        sold = till.sell(Sale([Line("SOUP", 1, chance.randint(100, 900))], card))
        sys.stdout.write(f"{sold.number}\n")
        sys.stdout.flush()
        if chance.random() < 0.3:
            till.send()


if __name__ == "__main__":
    work(Path(sys.argv[1]), sys.argv[2], sys.argv[3], Random(int(sys.argv[4])))
