"""A new mechanic is one new file: here in a folder that does not belong to the package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]

MECHANIC = '''
"""So many points for every piece of one product: "10 points for each espresso"."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from tessera.base.text import Code
from tessera.rules.core.words import Basket, Facts, Lane, Mechanic, Met, Missing, Share, Wish


class PointsPerPiece(Mechanic, frozen=True, tag="points_per_piece"):
    lane: ClassVar[Lane] = "earning"

    product: Annotated[Code, Meta(description="the article")]
    points: Annotated[int, Meta(ge=1, le=1_000_000)]

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        lines = [i for i, line in enumerate(basket.lines) if line.sku == self.product]
        pieces = sum(basket.quantity[i] for i in lines)
        return Met(pieces, tuple(lines)) if pieces else Missing("none_bought", 1, "1 is needed")

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        shares = tuple(Share(i, basket.quantity[i] * self.points) for i in met.lines)
        total = met.times * self.points
        return Wish("points", total, shares, f"+{total} points", f"{total} points")


SCENARIOS = """
rule points_per_piece product=ESPRESSO points=10
buy ESPRESSO 3 x 1.10
----
ESPRESSO 3 x 1.10    3.30
to pay               3.30
points                 30

rule points_per_piece product=ESPRESSO points=10
buy CAKE 1 x 4.00
----
CAKE 1 x 4.00        4.00
to pay               4.00
points                  0
missing none_bought     1
"""
'''

# A process of its own: the shelf is one per process, and other tests count what is on it.
RUN = """
import asyncio, json, sys
from datetime import UTC, datetime
from pathlib import Path

from tessera.program.core.scenario import blocks, check
from tessera.access import flows as access_flows
from tessera.checkout.core import Job
from tessera.doors.ground import Settings, ground
from tessera.program import flows as programs
from tessera.rules.mechanics import shelf
from tessera.warehouse import flows as warehouse
from tessera.warehouse.core import Line, Receipt, Store

folder, data_dir, dsn = sys.argv[1:]
NOW = datetime(2026, 3, 14, 10, 15, tzinfo=UTC)
BODY = {"name": "Ours", "currency": "EUR", "unknown_cards": "any", "rules": [
    {"id": "espresso", "mechanic": "points_per_piece", "product": "ESPRESSO", "points": 10},
    {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
]}


async def main():
    settings = Settings(Path(data_dir), database_url=dsn, mechanics_dir=Path(folder))
    async with ground(settings).house() as house:
        async with house.pool.connection() as conn:
            await warehouse.put_store(conn, Store("S1", "Shop", "UTC"))
            till, _ = await access_flows.issue_key(conn, "till", "till", "S1", None, None, NOW)
            made = await programs.publish(conn, house.reader, BODY, NOW, None)
        await house.refresh()
        lines = (Line("ESPRESSO", 3, 110), Line("CAKE", 1, 400))
        receipt = Receipt(store="S1", till="1", number="1", happened_at=NOW, currency="EUR",
                          lines=lines, total_minor=730, card="2900000000018")
        reply = await house.writer.submit(
            Job(till, "receipt.confirm", "one", receipt, b"x" * 16, NOW)
        )
        own = shelf([folder])["points_per_piece"]
        for block in blocks(own.SCENARIOS):
            check(block, house.reader)
        print(json.dumps([made.version, reply.status, json.loads(reply.body)]))

asyncio.run(main())
"""


def test_a_file_outside_the_package_is_a_mechanic(tmp_path, dsn):
    folder = tmp_path / "mechanics"
    folder.mkdir()
    (folder / "points_per_piece.py").write_text(MECHANIC, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(folder), str(tmp_path / "data"), dsn],
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    version, status, answer = json.loads(done.stdout)
    assert (version, status) == (2, 201)
    assert answer["points_earned"] == 30 + 14
    given = {effect["rule"]: effect["given"] for effect in answer["effects"]}
    assert given == {"espresso": 30, "base": 14}


def test_the_command_line_takes_it_too(tmp_path):
    folder, shop = tmp_path / "mechanics", tmp_path / "shop"
    for place, text in (
        (folder / "points_per_piece.py", MECHANIC),
        (shop / "program.yaml", "name: Ours\ncurrency: EUR\n"),
        (shop / "rules/1.yaml",
         "id: espresso\nmechanic: points_per_piece\nproduct: ESPRESSO\npoints: 10\n"),
    ):  # fmt: skip
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    told = []
    for own in (str(folder), ""):
        done = subprocess.run(
            [sys.executable, "-c", "from tessera.app import run; run()", "program", "check", shop],
            env=os.environ | {"TESSERA_MECHANICS_DIR": own},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        told.append((done.returncode, done.stdout))
    assert told[0][0] == 0 and told[0][1].endswith("Ours: 1 rule, 0 tests, no mistakes\n")
    assert told[1][0] == 1 and "points_per_piece" in told[1][1]
