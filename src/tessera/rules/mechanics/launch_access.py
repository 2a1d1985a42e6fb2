"""A place in the first row: pre-order or early access to what is not yet on sale for all."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from tessera.base.text import Code, OptionalCode
from tessera.rules.core.settings import Cap
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.words import MET, Basket, Facts, Lane, Mechanic, Met, Missing, Wish


class LaunchAccess(Mechanic, frozen=True, kw_only=True, tag="launch_access"):
    """Early access to whom `when` finds: a privilege, kept with the account, shown to the member.

    launch  the code of what it opens; `title` what people call it
    caps    once ever, if the rule does not say otherwise
    """

    lane: ClassVar[Lane] = "gift"

    launch: Annotated[Code, Meta(description="the code of what it opens")]
    title: Annotated[OptionalCode, Meta(description="what people call it")] = ""
    caps: Annotated[tuple[Cap, ...], Meta(max_length=10)] = (Cap(per="ever", times=1),)

    def gives(self) -> tuple[Template, Numbers]:
        """The access."""
        return GIVES, {"launch": self.title or self.launch}

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """It holds once its gate does."""
        return MET

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The privilege."""
        numbers: Numbers = {"launch": self.title or self.launch}
        return Wish("privilege", 1, (), TOLD, SLIP, numbers, item=self.launch)


GIVES = "early access: {launch}"
TOLD, SLIP = "early access for you: {launch}", "early access: {launch}"
SCENARIOS = """
# Who spends 100.00 on phones this year may order the new one first.
rule launch_access launch=PHONE9 when={receipt_total: 100}
buy  CASE 4 x 30.00
----
CASE 4 x 30.00     120.00
to pay             120.00
points                  0
privilege PHONE9        1

rule launch_access launch=PHONE9 when={receipt_total: 100}
buy  CASE 3 x 30.00
----
CASE 3 x 30.00      90.00
to pay              90.00
points                  0
missing total_short  1000

# A case comes back, and the access is lost.
rule launch_access launch=PHONE9 when={receipt_total: 100}
buy  CASE 4 x 30.00
keep 3
----
CASE 3 x 30.00      90.00
to pay              90.00
points                  0
missing total_short  1000
refund              30.00
points taken back       0
privilege PHONE9 back   1
"""
