"""What calls are about, made through the door by the office: for whoever crawls the operations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any, Literal
from uuid import UUID, uuid4

from support import database
from support.api import Api, apart
from tessera.access.signing.flows.entering import open_session

# "own" is S1's (and the crawling member's), "other" is S2's, "random" is nobody's.
Whose = Literal["own", "other", "random"]
STORE_OF = {"own": "S1", "other": "S2", "random": "S9"}
_serials = count(100)


def fresh_card(api: Api) -> str:
    """The number of an issued card that nobody has."""
    return api.cards[next(_serials)]


def new_member(api: Api) -> dict[str, str]:
    """Somebody with a card of his own: {"member_id", "account_id", "card"}."""
    card = fresh_card(api)
    body = {"identifiers": [{"kind": "card", "value": card}], "given_name": "Mia"}
    said = api.call("POST", "/v1/members", body).json()
    return {"card": card, "member_id": said["member_id"], "account_id": said["account_id"]}


def signed_in(api: Api, member_id: str) -> str:
    """The token of a member's session."""

    async def enter() -> str:
        async with await database.connect(api.dsn) as conn:
            now = datetime.now(UTC)
            _, token = await open_session(conn, "member", UUID(member_id), "code", "test", now)
            await conn.commit()
            return token

    return apart(enter())


class Things:
    """Makes what calls are about, through the door, by the office.

    me  the member who crawls: {"member_id", "account_id", "card"}
    """

    def __init__(self, api: Api, me: dict[str, str]) -> None:
        self.api, self.me = api, me

    def fresh(self) -> str:
        """The number of an issued card that nobody has."""
        return fresh_card(self.api)

    def card(self) -> str:
        """A card that somebody has."""
        number = self.fresh()
        self.made("/v1/members", {"identifiers": [{"kind": "card", "value": number}]})
        return number

    def member(self) -> str:
        who = [{"kind": "external", "value": uuid4().hex}]
        return self.made("/v1/members", {"identifiers": who})["member_id"]

    def sale(self, whose: Whose, **more: Any) -> dict[str, Any]:
        """A posted sale's own words; of a store that does not exist, one that was not."""
        sale = self.api.basket(store=STORE_OF[whose], business_date="2026-11-20", **more)
        sale["happened_at"] = "2026-11-20T10:00:00+01:00"
        if whose != "random":
            sale["id"] = self.made("/v1/receipts", sale)["id"]
        return sale

    def quote(self, whose: Whose) -> str:
        if whose == "random":
            return str(uuid4())
        body = {"basket": self.api.basket(store=STORE_OF[whose]), "hold": True}
        return self.made("/v1/quotes", body)["id"]

    def account(self) -> str:
        return self.made("/v1/identify", {"card": self.api.cards[0]})["account_id"]

    def party(self, points: int = 100) -> dict[str, str]:
        """Somebody with a card and so many points, which expire in 2098."""
        card = self.card()
        if points:
            self.put_in(card, points)
        return {"card": card}

    def put_in(self, card: str, points: int) -> None:
        """Points for a card, until 2098; by somebody new, for what one person gives adds up."""
        body = {"member": {"card": card}, "points": points, "reason": "goodwill"}
        body |= {"expires_at": "2098-01-01T00:00:00Z"}
        said = self.api.call("POST", "/v1/adjustments", body, token=self.api.somebody())
        assert said.status_code == 201, said.text

    def made(self, path: str, body: Any) -> Any:
        said = self.api.call("POST", path, body)
        assert said.is_success, said.text
        return said.json()


# Words of the address, and the body.
Made = tuple[dict[str, str], Any]
Make = Callable[[Things, Whose], Made]


def plain(body: Any = None) -> Make:
    """The same call, whoever's it is."""
    return lambda things, whose: ({}, body)
