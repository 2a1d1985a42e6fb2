"""Amounts as people type them: read in one way everywhere, and a wrong one costs nothing."""

from __future__ import annotations

from uuid import uuid4

import pytest

from support.home import at_home, fresh_card, points_of, slip_of, wait
from support.sent import send
from tessera.doors.language.amounts import minor_of


@pytest.mark.parametrize(("typed", "minor"), [
    ("25", 2500), ("12.50", 1250), ("12,5", 1250), (" 1 234,50 ", 123450), (",5", 50), ("7,", 700),
    ("0", 0), ("9999999999,99", 999_999_999_999),
    ("", None), (".", None), ("1.2.3", None), ("1.234,50", None), ("1,234", None), ("²", None),
    ("1٣", None), ("-1", None), ("1e3", None), ("12.505", None), ("99999999999", None),
])  # fmt: skip
def test_an_amount_is_read_or_is_none(typed, minor):
    assert minor_of(typed) == minor


@pytest.fixture(scope="module")
def web(server, template, tmp_path_factory):
    with at_home(server, template, tmp_path_factory.mktemp("outbox")) as web:
        yield web


def test_a_wrong_sum_of_a_receipt_costs_no_try(web):
    """Five tries a card: after six sums that are none the right one still counts."""
    token, card = web.afresh().joined()["token"], fresh_card(web.api)
    slip = slip_of(web.api, card)
    wait(lambda: points_of(web, token) == 100)
    wrong = ("1.2.3", "²", "1.234,50", "eleven", "-11,50", "")
    for paid in (*wrong, "11,50"):
        fields = {"do": "card", "card": card, "number": slip["number"], "day": slip["day"],
                  "paid": paid, "key": uuid4().hex}  # fmt: skip
        sent = {name: [value] for name, value in fields.items()}
        said = send(web.api, "/m/profile", "m", token, sent)
        if paid in wrong:
            assert said.status_code == 422, paid
            assert "This is no amount of money." in said.text and card in said.text
    assert said.status_code == 303
    assert points_of(web, token) == 123, "the welcome, and what the card had"
