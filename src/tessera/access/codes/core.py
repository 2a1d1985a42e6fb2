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
Bounds = tuple[tuple[timedelta, int], ...]
_BRIEF, _DAY = timedelta(minutes=10), timedelta(days=1)
# How many messages: to one destination, of those asked for by one network, to whomever asked for by
# one network, in all. (window, most)
PER_DESTINATION = ((_BRIEF, 3), (_DAY, 10))
PER_PAIR = ((_DAY, 4),)  # so that nobody uses up by himself what another may be sent
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

    what  tells the kinds apart: destination, pair (of a destination and a network), address, all
    """

    what: str
    since: datetime
    ends_at: datetime
    most: int


def own_windows(network: str, now: datetime) -> list[Window]:
    """The stretches of time that `now` lies in, of whom a message goes to and who asks for it.

    network  "" for a call with a key of its own: none of its own then
    """
    kinds: list[tuple[str, Bounds]] = [("destination", PER_DESTINATION)]
    if network:
        kinds += [("pair", PER_PAIR), ("address", PER_ADDRESS)]
    return _windows(kinds, now)


def windows_of_all(now: datetime) -> list[Window]:
    """The stretches of time that `now` lies in, of everybody's messages."""
    return _windows([("all", IN_ALL)], now)


def _windows(kinds: Sequence[tuple[str, Bounds]], now: datetime) -> list[Window]:
    found = []
    for what, bounds in kinds:
        for length, most in bounds:
            since = now - (now - datetime(2020, 1, 1, tzinfo=UTC)) % length
            found.append(Window(f"{what} {length}", since, since + length, most))
    return found


def full(bounds: Sequence[Window], before: Sequence[int]) -> Refusal | None:
    """Why no message is sent: the first window that was full before it."""
    for window, count in zip(bounds, before, strict=True):
        if count >= window.most:
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


_ADDED = {
    "en": (
        "A new way to sign in",
        "A phone or an e-mail address was added to your loyalty account: codes go there too now."
        " If you did not want it, tell one of our shops.",
    ),
    "it": (
        "Un nuovo modo di accedere",
        "Al tuo profilo fedeltà è stato aggiunto un telefono o un indirizzo e-mail: i codici"
        " arrivano anche lì. Se non lo hai voluto tu, dillo in uno dei nostri negozi.",
    ),
    "pl": (
        "Nowy sposób logowania",
        "Do Twojego konta lojalnościowego dodano telefon lub adres e-mail: kody przychodzą teraz"
        " także tam. Jeśli to nie Ty, powiedz o tym w jednym z naszych sklepów.",
    ),
    "ru": (
        "Новый способ входа",
        "К вашему счёту добавлен телефон или адрес почты: коды приходят теперь и туда."  # noqa: RUF001
        " Если это были не вы, скажите об этом в одном из наших магазинов.",  # noqa: RUF001
    ),
    "zh": (
        "新的登录方式",
        "您的会员账户添加了新的电话或电子邮箱，验证码也会发送到那里。如非您本人操作，请告知我们的门店。",  # noqa: RUF001
    ),
}  # fmt: skip


_REMOVED = {
    "en": (
        "A way to sign in less",
        "A phone or an e-mail address was taken off your loyalty account: no codes go there any"
        " more. If you did not want it, tell one of our shops.",
    ),
    "it": (
        "Un modo di accedere in meno",
        "Dal tuo profilo fedeltà è stato tolto un telefono o un indirizzo e-mail: i codici non"
        " arrivano più lì. Se non lo hai voluto tu, dillo in uno dei nostri negozi.",
    ),
    "pl": (
        "Jeden sposób logowania mniej",
        "Z Twojego konta lojalnościowego usunięto telefon lub adres e-mail: kody już tam nie"
        " przychodzą. Jeśli to nie Ty, powiedz o tym w jednym z naszych sklepów.",
    ),
    "ru": (
        "Одним способом входа меньше",
        "От вашего счёта отвязан телефон или адрес почты: коды туда больше не приходят."
        " Если это были не вы, скажите об этом в одном из наших магазинов.",  # noqa: RUF001
    ),
    "zh": (
        "减少了一种登录方式",
        "您的会员账户移除了一个电话或电子邮箱，验证码不再发送到那里。如非您本人操作，请告知我们的门店。",  # noqa: RUF001
    ),
}  # fmt: skip
Notice = Literal["added", "removed"]


def notice_of(what: Notice, language: str) -> tuple[str, str]:
    """What contacts are told of a new one, or one less: subject and text, nobody's name."""
    texts = _ADDED if what == "added" else _REMOVED
    return texts.get(language, texts["en"])


def text_of(code: str, language: str) -> tuple[str, str]:
    """Subject and text of a message; a language that we do not write is English."""
    subject, text = _TEXTS.get(language, _TEXTS["en"])
    return subject, text.format(code=code)
