"""The way the purchase came: in the store, online, by app or telephone."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, Met, Missing
from tessera.rules.core.phrases import listed
from tessera.rules.core.texts import Numbers, Template, phrase
from tessera.warehouse.core import Channel as Way


class Channel(Condition, frozen=True, tag="channel"):
    """The purchase came by one of these channels."""

    channels: Annotated[tuple[Way, ...], Meta(min_length=1, max_length=4)]

    def reading(self) -> Reading:
        """A look at the channel the till told."""
        channels = frozenset(self.channels)
        missing = Missing("other_channel", 0, "only by {channels}", self._numbers())

        def channel(basket: Basket, facts: Facts) -> Met | Missing:
            return MET if facts.channel in channels else missing

        return channel

    def sentence(self) -> tuple[Template, Numbers]:
        """The channels."""
        return "the channel is {channels}", self._numbers()

    def _numbers(self) -> Numbers:
        return {"channels": listed([phrase(way) for way in self.channels])}


EXAMPLES = """
channel: [online, app]
store S1 channel=app
-> met

channel: [online, app]
store S1
-> other_channel 0: only by online or app
"""
