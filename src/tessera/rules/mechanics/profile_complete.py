"""A prize for telling about oneself: "complete your profile and get 200 points"."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.base.text import Code
from tessera.rules.conditions.profile_complete import ProfileComplete as Known
from tessera.rules.core.conditions import Condition
from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.settings import Cap


class ProfileComplete(PrizeMechanic, frozen=True, kw_only=True, tag="profile_complete"):
    """The prize with the first purchase after the profile has become complete.

    attributes  what must be known: declared attributes, or given_name, born_on and language
    caps        once ever, if the rule does not say otherwise
    """

    attributes: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=100)]
    caps: Annotated[tuple[Cap, ...], Meta(max_length=10)] = (Cap(per="ever", times=1),)

    def implied(self) -> Condition:
        """All of it is known."""
        return Known(attributes=self.attributes)


SCENARIOS = """
rule profile_complete attributes=[born_on, children] prize={points: 200}
program attributes={children: {type: integer}}
born 1980-05-10
is   children=0
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                200

# One answer is missing: the cashier may ask for it.
rule profile_complete attributes=[born_on, language] prize={points: 200}
born 1980-05-10
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing profile_incomplete 1

rule profile_complete id=told attributes=born_on prize={points: 200}
born 1980-05-10
know times told ever = 1
buy  LATTE 1 x 2.50
----
LATTE 1 x 2.50       2.50
to pay               2.50
points                  0
missing cap_reached     0
"""
