"""What a member has besides points, on the member's page: claims, coupons, one claimed for him."""

from __future__ import annotations

from typing import Any

import pytest

from support import browser as browsing
from support.browser import SMALL, WIDE, Browsing, overflow, violations
from support.home import PROGRAM
from support.sent import send
from support.shown import visit
from support.things import new_member

COUPON = {"coupons": {"TEA": {"name": "A pot of tea", "personal": True}}, "rules": [
    *PROGRAM["rules"],
    {"id": "thanks", "mechanic": "sum_threshold", "from": "10.00", "prize": {"coupon": "TEA"}},
    {"id": "tea", "mechanic": "amount_off", "off": "2.00", "coupon": "TEA"},
]}  # fmt: skip
MUG = {"kind": "goods", "names": {"en": "Coffee mug", "it": "Tazza"}, "points": 400}


@pytest.fixture(scope="module")
def shop(site):
    said = site.call("POST", "/v1/program", PROGRAM | COUPON)
    assert said.status_code == 201, said.text
    assert site.call("POST", "/v1/rewards", {"code": "mug", "terms": MUG}).is_success
    assert site.call("POST", "/v1/rewards/mug/state", {"state": "offered"}).is_success
    return site


@pytest.fixture(scope="module")
def anna(shop) -> Any:
    """Somebody with 1,000 points and a coupon from the last purchase."""
    me = new_member(shop)
    body = {"member": {"card": me["card"]}, "points": 1000, "reason": "goodwill",
            "expires_at": "2098-01-01T00:00:00Z"}  # fmt: skip
    assert shop.call("POST", "/v1/adjustments", body, token=shop.somebody()).is_success
    assert shop.call("POST", "/v1/receipts", shop.basket(card=me["card"])).is_success
    return me


def at(me: dict[str, Any]) -> str:
    return f"/console/members/{me['member_id']}/gifts"


def test_a_reward_is_claimed_for_a_member_and_stands_there_with_the_coupons(shop, anna):
    operator = browsing.staff(shop, "operator")
    page = visit(shop, at(anna), "console", operator).text
    assert "This member has claimed nothing yet." in page
    assert "A pot of tea" in page and ">good<" in page
    sent = {"do": ["claim"], "key": ["one"], "reward": ["mug"]}
    assert send(shop, at(anna), "console", operator, sent).status_code == 303
    assert send(shop, at(anna), "console", operator, sent).status_code == 303, "sent twice"
    claims = shop.call("GET", f"/v1/claims?member_id={anna['member_id']}").json()["items"]
    assert [each["points"] for each in claims] == [400], "once"
    page = visit(shop, at(anna), "console", operator).text
    assert f'href="/console/claims/{claims[0]["claim_id"]}"' in page


def test_who_may_see_coupons_only_sees_them(shop, anna):
    page = visit(shop, at(anna), "console", browsing.staff(shop, "security")).text
    assert "A pot of tea" in page and 'name="reward"' not in page
    assert 'aria-label="Claims"' not in page
    assert visit(shop, at(anna), "console", browsing.staff(shop, "analyst")).status_code == 403


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "width"), [("light", WIDE), ("dark", SMALL)])
def test_it_fits_and_is_read_aloud(shop, anna, looking: Browsing, axe: str, scheme, width):
    page = looking.page(at(anna), browsing.staff(shop, "manager"), width=width, scheme=scheme)
    page.get_by_role("heading", name="Coupons").wait_for()
    assert not overflow(page) and not violations(page, axe)
