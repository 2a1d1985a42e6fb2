"""Real receipts of a grocery chain: the program gives the points that the chain gave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from support.loading import WHY_SKIPPED, X5
from tessera.base.money import split
from tessera.program.core import Reader
from tessera.program.core.text import read_text
from tessera.program.files import read_directory
from tessera.rules import conditions, mechanics
from tessera.rules.core.engine import settle, settle_kept
from tessera.rules.core.words import Facts, Program, Story
from tessera.warehouse.core import Line

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not X5.exists(), reason=WHY_SKIPPED),
]
EXACT = 970  # of 1,226 receipts
# One point here is a tenth of the chain's: see the page of the example.
PLACE = Path(__file__).resolve().parents[2] / "examples/x5-grocery"


@dataclass(frozen=True, slots=True)
class Sold:
    """A receipt as the chain tells it, in kopecks and tenths of points."""

    client: str
    at: datetime
    lines: tuple[Line, ...]
    received: int
    spent: int


def times(value: float, by: int) -> int:
    """A decimal of the file as a whole number: 0.7 -> 7 tenths, 199.55 -> 19955 kopecks."""
    whole = round(value * by)
    assert abs(whole - value * by) < 1e-6, f"{value} has more decimals"
    return whole


def sold() -> Iterator[Sold]:
    """The receipts in the order in which they happened."""
    articles: dict[tuple[str, int], list[tuple[str, int]]] = defaultdict(list)
    for row in table("receipt_lines"):
        key = (row["client_id"], row["txn_no"])
        articles[key].append((row["product_id"], max(row["quantity"], 1)))
    rows = table("receipts")
    for row in sorted(rows, key=lambda row: (row["datetime"], row["client_id"], row["txn_no"])):
        bought = articles[row["client_id"], row["txn_no"]]
        yield Sold(
            row["client_id"], row["datetime"], priced(bought, times(row["purchase_sum"], 100)),
            times(row["regular_points_received"], 10),
            -times(row["regular_points_spent"] + row["express_points_spent"], 10),
        )  # fmt: skip


def table(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(X5.with_stem(name)).to_pylist()
    return rows


def priced(bought: Sequence[tuple[str, int]], total_minor: int) -> tuple[Line, ...]:
    """The file has no prices of lines: the total is shared over the pieces."""
    assert bought, "every receipt has lines"
    parts = split(total_minor, [quantity for _, quantity in bought])
    return tuple(
        Line(sku, quantity, 0, total_minor=minor)
        for (sku, quantity), minor in zip(bought, parts, strict=True)
    )


def grocery() -> Program:
    read = read_text(read_directory(PLACE), Reader(mechanics.shelf(), conditions.shelf()))
    assert read.program is not None, read.mistakes
    return read.program


def facts(receipt: Sold, available: int) -> Facts:
    return Facts(True, True, available, receipt.spent or None, receipt.at)


def opening_balances(receipts: Sequence[Sold], program: Program) -> dict[str, int]:
    """What every client must have had before the file begins, to have what was spent in it."""
    balance: dict[str, int] = defaultdict(int)
    lowest: dict[str, int] = defaultdict(int)
    for receipt in receipts:
        client = receipt.client
        lowest[client] = min(lowest[client], balance[client] - receipt.spent)
        story = settle(receipt.lines, facts(receipt, receipt.spent), program)
        balance[client] += story.points_earned - story.points_spent
    return {client: -short for client, short in lowest.items()}


@pytest.fixture(scope="module")
def settled() -> list[tuple[Sold, Story]]:
    """Every receipt with its decision, on balances that are kept from receipt to receipt."""
    program, receipts = grocery(), list(sold())
    balance, stories = opening_balances(receipts, program), []
    for receipt in receipts:
        assert receipt.spent <= balance[receipt.client], "the opening balance was enough"
        story = settle(receipt.lines, facts(receipt, balance[receipt.client]), program)
        balance[receipt.client] += story.points_earned - story.points_spent
        stories.append((receipt, story))
    return stories


def test_the_points_are_the_real_ones(settled, capsys):
    exact = sum(story.points_earned == receipt.received for receipt, story in settled)
    with capsys.disabled():
        print(f" {exact} of {len(settled)} receipts exact", end="")  # noqa: T201 the figure
    assert len(settled) == 1_226
    assert exact >= EXACT


def test_points_pay_what_they_really_paid(settled):
    for receipt, story in settled:
        gross = sum(line.total() for line in receipt.lines)
        assert story.gross_minor == gross
        assert story.points_spent == receipt.spent
        assert story.to_pay_minor == gross - receipt.spent * 10
    assert sum(bool(receipt.spent) for receipt, _ in settled) > 90


def test_of_each_receipt_one_rule_gives(settled):
    for _, story in settled:
        givers = [effect.rule for effect in story.effects if effect.kind == "points"]
        assert givers in (["small"], ["large"], [])


def test_bringing_a_real_receipt_back_leaves_nothing(settled):
    program = grocery()
    for receipt, story in settled:
        told, nothing = facts(receipt, receipt.spent), [0] * len(receipt.lines)
        back = settle_kept(receipt.lines, told, program, nothing, story)
        assert (back.points_earned, back.points_spent, back.to_pay_minor) == (0, 0, 0)
