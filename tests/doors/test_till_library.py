"""The tills' client library against the served application, over a line that can be cut."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from support import api as shops
from support.api import Api
from support.line import Line, line_to
from tessera.till import Away, How, Refused, Sale, Till
from tessera.till import Line as Goods

SOON = How(timeout_s=2, tries=2, patience_s=3, failures=2, rest_s=0.0, rest_most_s=0.0)
PROGRAM = {
    "name": "T", "currency": "EUR", "unknown_cards": "any", "offline": {"points": 60, "days": 2},
    "rules": [
        {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
        {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1},
    ],
}  # fmt: skip


@dataclass
class Desk:
    """A till, its line, and the shop behind it."""

    api: Api
    line: Line
    till: Till
    place: Path

    def member(self, points: int) -> str:
        """A card with so many points, known at the till."""
        card = self.api.cards[self._next()]
        who = {"identifiers": [{"kind": "card", "value": card}]}
        assert self.api.call("POST", "/v1/members", who).status_code == 201
        if points:
            assert self.till.sell(goods(points * 50, card)).state == "done"
        assert self.till.identify(card).available == points
        return card

    def _next(self) -> int:
        row = self.api.eye.execute("SELECT count(*) FROM members.identifier").fetchone()
        assert row is not None
        return int(row[0]) + 1

    def balance(self, card: str) -> dict[str, int]:
        return self.api.post("/v1/identify", {"card": card}).json()["balance"]

    def posted(self, number: str) -> list[tuple[str, int]]:
        """(kind, points spent) of what is there under this number, and its returns."""
        return self.api.eye.execute(
            "SELECT r.kind, r.points_spent FROM checkout.receipt AS r LEFT JOIN checkout.receipt"
            " AS s ON s.id = r.sale_id WHERE r.number = %s OR s.number = %s ORDER BY r.posted_at",
            (number, number),
        ).fetchall()


def goods(minor: int, card: str | None = None, **other: Any) -> Sale:
    return Sale([Goods("SOUP", 1, minor)], card, **other)


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        assert shop.call("POST", "/v1/program", PROGRAM).status_code == 201
        yield shop


@pytest.fixture
def desk(api, tmp_path) -> Iterator[Desk]:
    with line_to(api.url) as line, Till(tmp_path, line.url, api.till, "S1", "1", SOON) as till:
        yield Desk(api, line, till, tmp_path)


def test_with_the_line_a_sale_is_answered_and_a_return_and_a_quote(desk):
    card = desk.member(100)
    member = desk.till.identify(card)
    assert (member.online, member.registered, member.may_spend) == (True, True, 60)
    quote = desk.till.quote(goods(1000, card, spend=50), hold=True)
    sold = desk.till.sell(goods(1000, card, spend=50, quote=quote["id"]))
    assert (sold.state, sold.points_spent, sold.off_minor) == ("done", 50, 50)
    back = desk.till.give_back(sold.number)
    assert back.state == "done" and back.answer is not None
    assert back.answer["refund_minor"] == 950
    held = desk.till.quote(goods(1000, card, spend=50), hold=True)
    assert desk.till.cancel(held["id"]).state == "done"
    assert desk.balance(card)["available"] == 100
    assert desk.till.counts() == {"done": 3}


def test_a_refusal_is_the_cashiers_to_mend_while_the_customer_waits(desk):
    card = desk.member(10)
    said = desk.till.sell(goods(1000, card, spend=50))
    assert (said.state, said.code) == ("refused", "points_short")
    assert desk.till.refused() == [] and desk.till.waiting() == []
    with pytest.raises(Refused, match="card_unknown"):
        desk.till.identify("nobody")


def test_no_lines_are_no_return_but_in_a_book_of_the_release_before(desk):
    sold = desk.till.sell(goods(1000, desk.member(100)))
    with pytest.raises(ValueError, match="leave them out"):
        desk.till.give_back(sold.number, [])
    desk.line.become("cut")
    back = desk.till.give_back(sold.number, more={"lines": []})
    assert back.state == "queued"
    desk.line.become("whole")
    assert (desk.till.send().done, desk.till.refused()) == (1, [])


def test_without_the_line_sales_wait_and_points_are_spent_up_to_the_allowance(desk):
    card = desk.member(100)
    desk.line.become("cut")
    assert desk.till.identify(card) == type(desk.till.identify(card))(card, False, 60)
    plain = desk.till.sell(goods(1000, card))
    spent = desk.till.sell(goods(1000, card, spend=40))
    more = desk.till.sell(goods(1000, card, spend=21))
    back = desk.till.give_back(spent.number)
    assert [each.state for each in (plain, spent, more, back)] == [
        "queued", "queued", "void", "queued",
    ]  # fmt: skip
    assert (spent.points_spent, spent.off_minor) == (40, 40)
    assert more.code == "line_cut" and "20 points" in more.why
    assert desk.till.identify(card).may_spend == 20
    assert desk.till.send().left == 3, "nothing is lost while the line is cut"
    desk.line.become("whole")
    report = desk.till.send()
    assert (report.done, report.refused, report.left, report.trouble) == (3, 0, 0, "")
    assert desk.balance(card) == {"available": 120, "held": 0, "debt": 0, "balance": 120}
    assert desk.till.identify(card).may_spend == 60, "a fresh allowance, once all is known"


@pytest.mark.parametrize("spend", [0, 40, 70])
def test_an_answer_that_is_lost_posts_nothing_twice(desk, spend):
    """Without points, with covered ones, and with more than the allowance covers."""
    card = desk.member(100)
    desk.line.become("deaf")
    said = desk.till.sell(goods(1000, card, spend=spend))
    assert said.state == ("void" if spend == 70 else "queued")
    desk.line.become("whole")
    report = desk.till.send()
    assert (report.refused, report.left, report.trouble) == (0, 0, "")
    expected = [("sale", spend)] + ([("return", -70)] if spend == 70 else [])
    assert desk.posted(said.number) == expected
    earned = (1000 - spend) * 2 // 100
    assert desk.balance(card)["balance"] == (100 if spend == 70 else 100 + earned - spend)


def test_what_is_refused_later_is_seen_mended_and_sent_again(desk):
    desk.line.become("cut")
    bad = desk.till.sell(goods(500, "no-such-card!"))
    good = desk.till.sell(goods(500))
    wrong = desk.till.sell(goods(500, more={"currency": "USD"}))
    desk.line.become("whole")
    report = desk.till.send()
    assert (report.done, report.refused) == (2, 1), "any number starts a card in this program"
    (seen,) = desk.till.refused()
    assert (seen.number, seen.code) == (wrong.number, "currency_other")
    desk.till.repair(seen.id, currency="EUR")
    assert desk.till.refused() == [] and desk.till.send().done == 1
    assert [desk.posted(each.number) for each in (bad, good, wrong)] == [[("sale", 0)]] * 3
    with pytest.raises(KeyError):
        desk.till.drop(seen.id)


def test_a_cut_line_is_left_alone_and_looked_at_again(api, tmp_path):
    how = How(timeout_s=1, tries=1, failures=2, rest_s=300, rest_most_s=300)
    with line_to(api.url) as line, Till(tmp_path, line.url, api.till, "S1", "1", how) as till:
        line.become("cut")
        for _ in range(2):
            assert till.sell(goods(100)).state == "queued"
        assert till.circuit.open
        before = line.calls
        for _ in range(50):
            assert till.sell(goods(100)).state == "queued"
        with pytest.raises(Away):
            till.quote(goods(100))
        assert till.send().trouble == "the line is cut"
        assert line.calls == before, "not even tried"
    line = Line(api.url)
    with Till(tmp_path, line.url, api.till, "S1", "1", how) as again:
        assert again.send().done == 52, "another process of the same till sends them"
    line.close()


def test_several_on_one_book_send_each_receipt_once(api, tmp_path):
    with line_to(api.url) as line:
        line.become("cut")
        tills = [Till(tmp_path, line.url, api.till, "S1", "1", SOON) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            sold = list(pool.map(lambda n: tills[n % 4].sell(goods(100)), range(80)))
        assert len({each.number for each in sold}) == 80
        line.become("whole")
        before = api.rows()["access.request"]
        with ThreadPoolExecutor(4) as pool:
            reports = list(pool.map(Till.send, tills))
        assert sum(each.done for each in reports) == 80
        assert tills[0].counts() == {"done": 80}
        assert api.rows()["access.request"] == before + 80
        for each in tills:
            each.close()
    assert list(tmp_path.glob("*.lock")) == [tmp_path / "sending.lock"]


def test_a_wrong_key_loses_nothing(api, tmp_path):
    with Till(tmp_path, api.url, "tsr_wrong", "S1", "1", SOON) as till:
        assert till.sell(goods(100)).state == "queued"
        assert "not_signed_in" in till.send().trouble
    with Till(tmp_path, api.url, api.till, "S1", "1", SOON) as till:
        assert till.send().done == 1


def test_what_was_never_sent_is_void_without_a_trace(tmp_path):
    with Till(tmp_path, "http://127.0.0.1:1", "k", "S1", "1", SOON) as till:
        assert till.sell(goods(100, "2900000000018", spend=10)).state == "void"
        assert till.counts() == {"void": 1}


class Portal(BaseHTTPRequestHandler):
    """Answers everything with a friendly page, as the network of a hotel does."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<h1>Welcome</h1>")

    def log_message(self, *_: object) -> None:
        pass


def test_whoever_is_not_the_server_is_not_believed(tmp_path):
    server = HTTPServer(("127.0.0.1", 0), Portal)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    with Till(tmp_path, url, "k", "S1", "1", SOON) as till:
        assert till.sell(goods(100)).state == "queued"
        report = till.send()
        assert report.left == 1 and report.trouble
    server.shutdown()
    thread.join()
    server.server_close()
