"""A shop with something on every page, and the pages as whoever walks there finds them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any

from support.api import Api
from support.browser import COOKIES, staff_session
from support.entering import Person
from support.home import PROGRAM
from support.makes import imports, rewards
from support.makes.approvals import proposal
from support.things import Things, new_member, signed_in
from tessera.doors.web.page import Page

HEAD = re.compile(r"\{\w+\}")


class Shown:
    """A furnished shop.

    owner, member, till  the tokens of an owner's session, of a member's, of a till's key
    """

    def __init__(self, api: Api) -> None:
        self.api = api
        said = api.call("POST", "/v1/program", PROGRAM | lucky())
        assert said.is_success, said.text
        person = Person(api, "owner").enrol()
        self.owner = staff_session(api, person.id)
        self.me = new_member(api)
        self.member = signed_in(api, self.me["member_id"])
        self.till = api.issue("till", "S1")[1]
        self._furnish(Things(api, self.me))

    def token(self, shell: str) -> str:
        """Who walks there: console, m or till."""
        return {"console": self.owner, "m": self.member, "till": self.till}[shell]

    def _furnish(self, things: Things) -> None:
        card = self.me["card"]
        sale = things.sale("own", card=card)
        things.sale("own", card=card)
        day = sale["business_date"]
        sold = {
            "store": "S1",
            "till": "1",
            "business_date": day,
            "shift": "",
            "number": sale["number"],
        }
        back = {
            "sale": sold,
            "store": "S1",
            "till": "1",
            "number": "back-1",
            "happened_at": "2026-11-20T12:00:00+01:00",
            "lines": [{"line": 1, "quantity": 1}],
        }
        said = self.api.post("/v1/returns", back)
        assert said.is_success, said.text
        given = {"member": {"card": card}, "points": 40, "reason": "goodwill"}
        things.made("/v1/adjustments", given | {"expires_at": "2098-01-01T00:00:00Z"})
        things.made("/v1/quotes", {"basket": self.api.basket(card=card), "hold": True})
        things.made("/v1/incidents", {"kind": "till_offline", "detail": "till 3 has no network"})
        grants = {"card.block": "all", "identify": "all"}
        things.made("/v1/roles", {"name": "card-desk", "about": "Lost cards", "grants": grants})
        Person(self.api, "operator")
        proposal(self.api, self.api.somebody())
        things.made("/v1/drafts", {"name": "Double points"})
        things.made("/v1/coupon-batches", {"kind": "TENTH", "count": 3, "label": "Flyer"})
        imports.here(things, "own")
        imports.aside(things, "own")
        things.made("/v1/tasks", {"kind": "duplicates"})
        agreed = {"minor": 700, "reason": "leaflets"}
        things.made("/v1/partners/corner/adjustments", agreed)
        things.made("/v1/partners/corner/statements", {"period": "2020-10"})
        self._bring(things)

    def _bring(self, things: Things) -> None:
        """Somebody is brought by the member who walks."""
        said = self.api.call("POST", "/v1/me/referral", token=self.member)
        assert said.is_success, said.text
        who = {"identifiers": [{"kind": "card", "value": things.fresh()}], "given_name": "Zora"}
        things.made("/v1/members", who | {"referral": said.json()["code"]})
        rewards.claim(things, "own")
        rewards.ticket(things, "own")


def lucky() -> dict[str, Any]:
    """A draw with tickets, one to be drawn, a badge, a ladder, a board: for their pages."""
    cup, bike = {"item": "CUP", "count": 9, "one_in": 1}, {"item": "BIKE", "name": "Bicycle"}
    return {
        "tiers": {
            "status": {
                "name": "Status",
                "counts": "minor",
                "review": "01-01",
                "levels": [
                    {"code": "basic", "name": "Basic"},
                    {"code": "silver", "name": "Silver", "reach": 1_000_000},
                ],
            },
        },
        "boards": {
            "race": {
                "name": "The race",
                "starts": "2026-01-01",
                "ends": "2098-12-31",
                "counts": "minor",
                "prizes": [{"points": 100}, {"points": 10, "places": 9}],
            },
        },
        "draws": {
            "summer": {"name": "Summer", "prizes": [cup, bike], "ends": "2098-08-31"},
            "spring": {"name": "Spring", "prizes": [bike], "ends": "2026-05-31"},
        },
        "rules": [
            *PROGRAM["rules"],
            {"id": "tickets", "mechanic": "every_x_tickets", "draw": "summer", "per_minor": 100},
            {"id": "spin", "mechanic": "instant_win", "draw": "summer"},
            {"id": "hello", "mechanic": "badge", "badge": "HELLO", "title": "First visit"},
        ],
    }


class _Links(HTMLParser):
    """The addresses that a page links to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "a" and said.get("href"):
            self.found.append(said["href"] or "")
        if tag == "form" and said.get("action") and said.get("method") != "post":
            self.found.append(said["action"] or "")


def links(html: str) -> list[str]:
    """In their order, without what is behind `#`."""
    parser = _Links()
    parser.feed(html)
    return [each.partition("#")[0] for each in parser.found if not each.startswith(("http", "#"))]


def walked(shown: Shown, shell: str, pages: Iterable[Page], most: int = 400) -> dict[str, str]:
    """{page's name: an address of it}, as one finds them who follows every link from the start."""
    # As the shell does: an address without words is itself before it is another page's word.
    plain_first = sorted(pages, key=lambda page: "{" in page.path)
    patterns = {page.name: _pattern(page.path) for page in plain_first}
    found: dict[str, str] = {}
    queue, seen = [f"/{shell}"], {f"/{shell}"}
    token = shown.token(shell)
    while queue and most:
        address, most = queue.pop(0), most - 1
        bare = address.partition("?")[0]
        name = next((name for name, each in patterns.items() if each.fullmatch(bare)), None)
        like = patterns[name] if name else None
        enough = sum(1 for each in seen if like and like.fullmatch(each.partition("?")[0]))
        if name is None or (name in found and enough > 8):
            continue
        said = visit(shown.api, address, shell, token)
        if said.status_code == 200:
            found.setdefault(name, address)
        for link in [said.headers.get("location", ""), *links(said.text)]:
            full = bare + link if link.startswith("?") else link
            if full.startswith(f"/{shell}") and full not in seen and "language=" not in full:
                seen.add(full)
                queue.append(full)
    return found


def visit(api: Api, address: str, shell: str, token: str = "", **headers: str) -> Any:
    """One page, without a browser."""
    cookie = {"Cookie": f"{COOKIES[shell]}={token}"} if token else {}
    return api.client.get(address, headers=cookie | headers)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(HEAD.sub("[^/]+", path))
