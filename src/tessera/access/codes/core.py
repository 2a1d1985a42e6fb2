"""What a challenge is, how often one may be sent, and what the message says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal

Channel = Literal["email", "phone"]
# Who asks: whoever it is; a member who is signed in, for a contact of his; staff, or a key.
Asks = Literal["anybody", "member", "staff"]
DIGITS, TRIES, LIFE = 6, 5, timedelta(minutes=10)
PURPOSE_MOST = 40  # characters of a purpose
HOME_TERM = timedelta(days=180)  # a network is a destination's own so long after a proof there


class Bucket(Struct, frozen=True):
    """So many messages at once, and another one after each stretch of time; `what` is its kind."""

    what: str
    most: int
    every: timedelta


# To one destination, of those asked for from networks that are not its own: 17 in a day.
DESTINATION = Bucket("destination", 5, timedelta(hours=2))
# To one destination, of those asked for by whoever is signed in or has a key: 22 in a day.
TRUSTED = Bucket("trusted destination", 10, timedelta(hours=2))
# To one destination, asked for from one network. Slower than the destination's: nobody uses that
# up by himself.
PAIR = Bucket("pair", 4, timedelta(hours=3))
# To whomever, asked for by one caller, and from one network: a company's people share one. Those
# who are signed in have another there, and staff a third: no stranger beside them uses that up.
CALLER = Bucket("caller", 20, timedelta(minutes=7))
NETWORK = Bucket("network", 80, timedelta(seconds=100))
# To everybody: asked for from anywhere; only from where a destination was proved before, and by
# members who are signed in; only by staff. What they give on any day is 20,000.
STRANGERS = Bucket("strangers", 3_000, timedelta(milliseconds=7_200))
HOMES = Bucket("homes", 600, timedelta(seconds=36))
STAFF = Bucket("staff", 400, timedelta(seconds=54))
# Of what homes have, from one network: whoever proves many addresses of his own there has no more.
HOMES_THERE = Bucket("homes there", 5, timedelta(hours=4))
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


def own_buckets(network: str, *, home: bool, asks: Asks = "anybody") -> list[Bucket]:
    """What counts a message to one destination, asked for from one network.

    network  "" for nobody's
    home     somebody has proved the destination from there before
    """
    if asks != "anybody":  # no stranger beside them uses up what they have for a destination
        return [PAIR if home else TRUSTED, CALLER, NETWORK] if network else [TRUSTED]
    whole = [] if home else [DESTINATION]
    return [PAIR, CALLER, NETWORK, *whole] if network else whole


def pots(*, home: bool, asks: Asks = "anybody") -> list[list[Bucket]]:
    """Of which of everybody's messages it may be one, in this order; each with its own bounds."""
    if asks == "staff":
        return [[STAFF], [STRANGERS]]
    return [[HOMES_THERE, HOMES], [STRANGERS]] if home or asks == "member" else [[STRANGERS]]


def empty(buckets: Sequence[Bucket], full_at: Sequence[datetime], now: datetime) -> Refusal | None:
    """Why no message is sent: the first bucket that had none left.

    full_at  when each would have been full again, before this message was taken out
    """
    for bucket, at in zip(buckets, full_at, strict=True):
        free_at = at - (bucket.most - 1) * bucket.every
        if free_at > now:
            later = free_at + timedelta(minutes=1)  # told in whole minutes
            return Refusal(
                "too_many_codes", "", "too many codes were asked for in a short time",
                f"use the last code that came, or ask after {later:%Y-%m-%d %H:%M} UTC",
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
