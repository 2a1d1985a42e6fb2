"""Who shows a card that nobody has is told what makes it known, as the program has it."""

from __future__ import annotations

import pytest

from support import api as shops
from support.api import refused

EARNS = "confirm a receipt with it, or register the member"
STARTS = "confirm a receipt with it; once it was used it can be registered"
ISSUED = "use a card that was issued here, or issue a batch that holds its number"


@pytest.fixture
def api(server, template):
    with shops.fresh(server, template) as shop:
        yield shop


def cure(api, code: str, **named) -> str:
    said = refused(api, lambda: api.call("POST", "/v1/identify", named))
    assert said["code"] == code
    return said["cure"]


def test_a_card_that_nobody_has(api):
    foreign, ours = "1234567890128", api.cards[-1]
    program = {"name": "Test", "currency": "EUR", "rules": []}
    api.publish(program | {"unknown_cards": "any"})
    assert cure(api, "card_unknown", card=foreign) == STARTS
    api.publish(program | {"unknown_cards": "batches"})
    assert cure(api, "card_unknown", card=foreign) == ISSUED
    assert cure(api, "card_unknown", card=ours) == EARNS
    phone = {"kind": "phone", "value": "+39 333 7654321"}
    assert cure(api, "member_unknown", identifier=phone) == "register the member"
