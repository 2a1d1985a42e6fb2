"""`tessera quote`: what a basket would bring, printed as a receipt; nothing is written."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from tessera.base.refusal import Refusal
from tessera.checkout.core import Answer, Quote
from tessera.checkout.flows import reading
from tessera.doors.cli import slip
from tessera.doors.ground import Ground, Settings, ground
from tessera.warehouse.core import Line, Receipt, Spend


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The command `quote`."""

    @app.command()
    def quote(
        lines: Annotated[list[str], typer.Argument(help='lines as "3 x LATTE 2.50"')],
        card: Annotated[str, typer.Option(help="the member's card")] = "",
        store: Annotated[str, typer.Option(help="the store; default: the first one")] = "",
        spend: Annotated[int, typer.Option(help="points to pay with")] = 0,
    ) -> None:
        """Show what a basket would bring, and why. Nothing is written.

        Example: tessera quote "3 x LATTE 2.50" "1 x CAKE 4.00" --card 2900000000018
        """
        basket = tuple(_line(text) for text in lines)
        receipt, answer = asyncio.run(_quote(ground(settings), basket, card, store, spend))
        if isinstance(answer, Refusal):
            typer.echo(f"{answer.code} {answer.field}: {answer.why}\n{answer.cure}", err=True)
            raise typer.Exit(1)
        typer.echo(slip.sold(receipt, answer))


def _line(text: str) -> Line:
    words = text.split()
    try:
        count, _, sku, price = words
        whole, _, part = price.partition(".")
        return Line(sku, int(count), int(whole) * 100 + int(part.ljust(2, "0")[:2] or 0))
    except ValueError as error:
        raise typer.BadParameter(f'"{text}" is not like "3 x LATTE 2.50"') from error


async def _quote(
    base: Ground, lines: tuple[Line, ...], card: str, store: str, spend: int
) -> tuple[Receipt, Answer | Refusal]:
    now = datetime.now(UTC)
    async with base.house() as house:
        shop = house.shop()
        receipt = Receipt(
            store=store or next(iter(shop.stores), "-"), till="0", number="0", happened_at=now,
            currency=house.currency, lines=lines, total_minor=sum(line.total() for line in lines),
            card=card or None, spend=Spend(spend) if spend else None,
        )  # fmt: skip
        async with house.pool.connection() as conn:
            return receipt, await reading.quote(
                conn, shop, Quote(receipt), now, True, UUID(int=0)
            )  # fmt: skip
