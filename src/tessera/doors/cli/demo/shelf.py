"""The demo's catalogue of rewards: what members of the Bottega can have for their points."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from tessera.doors.call import Conn
from tessera.rewards.catalogue import db
from tessera.rewards.catalogue.core import Terms


class Offered(Struct, frozen=True):
    """A reward and how many there are; None: no end is known."""

    code: str
    terms: Terms
    stock: int | None = None


SHELF = (
    Offered(
        "moka",
        Terms(
            kind="goods", points=800, cost_minor=650, days=14, most=1, per="year",
            names={"en": "A moka pot", "it": "Una moka"},
            words={"en": "For three cups. Fetch it at the counter of either store."},
        ),
        40,
    ),
    Offered(
        "ham-board",
        Terms(
            kind="goods", points=600, money_minor=900, cost_minor=1100, days=14,
            who={"tier": {"ladder": "status", "at_least": "silver"}},
            names={"en": "An olive-wood board", "it": "Un tagliere d\u2019ulivo"},
            words={"en": "Points and a little money, for Silver and Gold."},
        ),
        15,
    ),
    Offered(
        "breakfast",
        Terms(
            kind="coupon", coupon="BREAKFAST", points=350, cost_minor=350, most=2, per="month",
            names={"en": "A breakfast", "it": "Una colazione"},
            words={"en": "A cappuccino and a cornetto: the code is shown in your coupons."},
        ),
    ),
    Offered(
        "tasting-table",
        Terms(
            kind="privilege", privilege="early_access", points=500, days=30, most=1, per="month",
            names={"en": "The first row at the tasting", "it": "In prima fila all\u2019assaggio"},
            words={"en": "A seat is kept for you at the next tasting of the cellar."},
        ),
        12,
    ),
    Offered(
        "school",
        Terms(
            kind="donation", cause="Books for the school of Trastevere", points=100,
            names={"en": "Books for the school", "it": "Libri per la scuola"},
            words={"en": "A hundred points are a book's cover; five of you are a book."},
        ),
    ),
)  # fmt: skip


async def furnish(conn: Conn, now: datetime) -> None:
    """Offer them all; what is there already stays as it is."""
    for each in SHELF:
        if await db.add_reward(conn, each.code, each.terms, each.stock, now):
            made = await db.reward(conn, each.code, now)
            assert made is not None, "it was made just now"
            await db.save_reward(conn, replace(made, state="offered"))
