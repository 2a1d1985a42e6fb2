"""Calls about coupons: orders of codes, one code, a member's own."""

from __future__ import annotations

from random import getrandbits
from typing import Any
from uuid import uuid4

from support.makes.members import of_member
from support.things import Made, Make, Things, Whose, plain
from tessera.rewards.coupons.core import codes

ORDER: dict[str, Any] = {"kind": "TENTH", "count": 2}


def batch(body: Any = None) -> Make:
    return lambda things, whose: (
        {"batch_id": str(uuid4()) if whose == "random"
         else things.made("/v1/coupon-batches", ORDER)["batch_id"]},
        body,
    )  # fmt: skip


def code(**more: Any) -> Make:
    """One code, by what is typed; a random one is well formed, and counted as wrong."""

    def make(things: Things, whose: Whose) -> Made:
        if whose == "random":
            return {}, {"code": codes.spelled(getrandbits(codes.BITS)), **more}
        made = things.made("/v1/coupon-batches", ORDER)["batch_id"]
        told = things.made(f"/v1/coupon-batches/{made}/export", {})
        return {}, {"code": told["codes"][0], **more}

    return make


MAKES: dict[str, Make] = {
    "coupon.kinds": plain(),
    "coupon.order": plain(ORDER),
    "coupon.batches": plain(),
    "coupon.batch": batch(),
    "coupon.revoke": batch({"reason": "misprint"}),
    "coupon.export": batch({}),
    "coupon.find": code(),
    "coupon.void": code(reason="lost"),
    "coupon.member": of_member(),
    "me.coupons": plain(),
}
ANYBODYS = {"coupon.kinds", "coupon.order", "coupon.batches", "me.coupons"}
