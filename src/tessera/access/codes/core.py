"""What a challenge is, how often one may be sent, and what the message says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal

Channel = Literal["email", "phone"]
DIGITS, TRIES, LIFE = 6, 5, timedelta(minutes=10)
PURPOSE_MOST = 40  # characters of a purpose
_BRIEF, _DAY = timedelta(minutes=10), timedelta(days=1)
# How many messages: to one destination, asked for by one address, in all. (window, most)
PER_DESTINATION = ((_BRIEF, 3), (_DAY, 10))
PER_ADDRESS = ((_BRIEF, 20), (_DAY, 200))  # a company's people share one
IN_ALL = ((_DAY, 20_000),)
# How long after a failure it is tried again, by how often it failed; as long as the code is good.
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 15, 30, 60))
LEASE = timedelta(seconds=40)  # a message that somebody took and never told of is free again


class Challenge(Struct, frozen=True):
    """A code is on its way, or so it looks."""

    id: UUID
    expires_at: datetime


class Proved(Struct, frozen=True):
    """Somebody holds this destination.

    destination_hash  as `flows.destination` makes it
    subject           whom the challenge was about, as it was begun
    """

    purpose: str
    channel: Channel
    destination_hash: bytes
    subject: UUID | None


class Message(Struct, frozen=True):
    """What goes out. `to` is a phone with country code, or an address."""

    id: UUID
    channel: Channel
    to: str
    subject: str
    text: str


class Window(Struct, frozen=True):
    """So many messages of one kind in one stretch of time.

    what  tells the kinds apart: destination, address, all
    """

    what: str
    since: datetime
    ends_at: datetime
    most: int


def windows(address: str, now: datetime) -> list[Window]:
    """The stretches of time, of each length, that `now` lies in. No address: none of its own."""
    kinds = [("destination", PER_DESTINATION), ("all", IN_ALL)]
    if address:
        kinds.append(("address", PER_ADDRESS))
    found = []
    for what, bounds in kinds:
        for length, most in bounds:
            since = now - (now - datetime(2020, 1, 1, tzinfo=UTC)) % length
            found.append(Window(f"{what} {length}", since, since + length, most))
    return found


def over(bounds: Sequence[Window], used: Sequence[int]) -> Refusal | None:
    """Why no message is sent: the first window that is full."""
    for window, count in zip(bounds, used, strict=True):
        if count > window.most:
            return Refusal(
                "too_many_codes", "", "too many codes were asked for in a short time",
                f"use the last code that came, or ask after {window.ends_at:%Y-%m-%d %H:%M} UTC",
            )  # fmt: skip
    return None


def not_proved() -> Refusal:
    """One refusal for a wrong, late, used up or unknown code: which of them, nobody is told."""
    return Refusal(
        "code_wrong", "code", "this code does not prove it, or no longer",
        "type the last code that came, or ask for a new one",
    )  # fmt: skip


def next_try(failures: int) -> timedelta:
    """How long to wait after so many failures."""
    return PAUSES[min(failures, len(PAUSES)) - 1]


_TEXTS = {
    "en": (
        "Your code", "Your code is {code}. It is good for ten minutes. We never ask you for it.",
    ),
    "it": (
        "Il tuo codice", "Il tuo codice è {code}. Vale dieci minuti. Non te lo chiediamo mai.",
    ),
    "pl": (
        "Twój kod", "Twój kod to {code}. Jest ważny dziesięć minut. Nigdy o niego nie pytamy.",
    ),
    "ru": (
        "Ваш код",
        "Ваш код: {code}. Он действует десять минут. Мы никогда не спрашиваем его.",  # noqa: RUF001
    ),
    "zh": ("您的验证码", "您的验证码是 {code}。十分钟内有效。我们不会向您索要。"),
}  # fmt: skip


def text_of(code: str, language: str) -> tuple[str, str]:
    """Subject and text of a message; a language that we do not write is English."""
    subject, text = _TEXTS.get(language, _TEXTS["en"])
    return subject, text.format(code=code)
