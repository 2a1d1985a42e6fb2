"""What names a member: one spelling for each phone and address, and who may take which."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Literal

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from tessera.base.refusal import Refusal
from tessera.members.core.cards import THIRTEEN, CardBatch, in_batch, is_card_number
from tessera.members.core.words import Owner
from tessera.warehouse.core import Identifier

_OLDEST = 130  # years; a birthday before that is a typing error
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.ASCII)
_WORD = re.compile(r"[!-~]{1,128}")
# What people write around a number; no letters, no extension, no digits of other scripts.
_DIALLED = re.compile(r"\+?[0-9 ()./-]{4,32}", re.ASCII)
_UNSAID = str.maketrans("", "", " -()")


def normal(
    kind: Literal["card", "phone", "email", "external"], value: str, country: str = ""
) -> Identifier | Refusal:
    """The one spelling of an identifier, to look somebody up. Cards and ids stay as they are.

    country  whose national numbers may come without a country code, as ISO 3166 (IT); "": none may
    errors   phone_invalid, email_invalid, identifier_invalid; the field is `value`

    A phone that no numbering plan knows keeps its digits: plans change, and the number may have
    been taken down when another release judged it. Who is new is held to `fresh`.
    """
    if kind == "phone":
        value = _phone(value, country) or value.translate(_UNSAID)
        if _PHONE.fullmatch(value) is None:
            return _no_phone(country)
    elif kind == "email":
        value = value.strip().lower()
        if _EMAIL.fullmatch(value) is None or len(value) > 128:
            return _NO_EMAIL
    elif _WORD.fullmatch(value) is None:
        return Refusal(
            "identifier_invalid", "value", f"a {kind} is 1 to 128 plain characters without spaces",
            "send what the scanner reads",
        )  # fmt: skip
    return Identifier(kind, value)


def fresh(
    kind: Literal["card", "phone", "email", "external"], value: str, country: str = ""
) -> Identifier | Refusal:
    """`normal`, and what is taken down for the first time could be reached: nothing is dialled.

    A phone fits the lengths of its country's plan; an address has the form that mail systems take.
    Dots and tags of an address stay: some systems keep such boxes apart. Capitals go. Letters that
    look like others are refused with all that are not plain.

    errors  as `normal`
    source  phonenumbers (the library of libphonenumber's plans), email-validator without DNS
    """
    found = normal(kind, value, country)
    if isinstance(found, Refusal):
        return found
    if kind == "phone" and not _phone(value, country):
        return _no_phone(country)
    if kind == "email" and not _deliverable(found.value):
        return _NO_EMAIL
    return found


def _phone(value: str, country: str) -> str:
    """As E.164 writes it; "" if no plan has numbers like this."""
    if _DIALLED.fullmatch(value) is None:
        return ""
    try:
        number = phonenumbers.parse(value, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _deliverable(address: str) -> bool:
    """Whether mail systems would take it; one that ends in `.test` or `.local` is nobody's."""
    try:
        validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return False
    return True


def _no_phone(country: str) -> Refusal:
    return Refusal(
        "phone_invalid", "value",
        f"this is no phone of {country}, and none with a country code" if country
        else "a phone is + and 7 to 15 digits, country code first",
        "send it like +39 333 1234567",
    )  # fmt: skip


_NO_EMAIL = Refusal(
    "email_invalid", "value", "this is not an address of plain letters",
    "send it like anna@example.org",
)  # fmt: skip


def registration(
    asked: Sequence[Identifier],
    owners: Mapping[Identifier, Owner],
    batches: Iterable[CardBatch],
) -> Owner | Refusal | None:
    """Whose place a registration takes: a shadow's, or None for a new member.

    errors  in the order of `asked`: card_blocked, card_replaced, identifier_taken, card_not_issued;
            then merge_needed
    """
    batches = tuple(batches)
    shadow: Owner | None = None
    for index, identifier in enumerate(asked):
        field = f"identifiers[{index}].value"
        owner = owners.get(identifier)
        refusal = unusable(identifier, owner, batches, field)
        if refusal is not None:
            return refusal
        if owner is None or owner == shadow:
            continue
        if shadow is not None and owner.member_id != shadow.member_id:
            return Refusal(
                "merge_needed", field, "two of these identifiers have accounts of their own",
                "register with one; where both are one person, POST /v1/members/{member_id}/merge",
            )  # fmt: skip
        shadow = owner
    return shadow


def unusable(
    identifier: Identifier, owner: Owner | None, batches: Iterable[CardBatch], field: str
) -> Refusal | None:
    """Why nobody can register with this identifier, or None."""
    if owner is None:
        return not_issued(identifier, batches, field)
    if owner.status != "active":
        return Refusal(
            f"card_{owner.status}", field, f"this {identifier.kind} is {owner.status}",
            "use another card",
        )  # fmt: skip
    if owner.registered:
        return Refusal(
            "identifier_taken", field, f"this {identifier.kind} belongs to a registered member",
            "look the member up, or use another",
        )  # fmt: skip
    return None


def not_issued(identifier: Identifier, batches: Iterable[CardBatch], field: str) -> Refusal | None:
    """A card that nobody saw yet must be one of the numbers issued; others need no list."""
    number = identifier.value
    if identifier.kind != "card" or in_batch(number, batches):
        return None
    if THIRTEEN.fullmatch(number) and not is_card_number(number):
        why, cure = f"the last digit of {number} does not fit the others", "scan or type it again"
    else:
        why, cure = f"{number} was not issued", "issue a batch of cards that holds it first"
    return Refusal("card_not_issued", field, why, cure)


def born_fault(born_on: date | None, today: date) -> Refusal | None:
    """A birthday lies in the past, and within a person's life."""
    if born_on is None or (born_on <= today and today.year - born_on.year <= _OLDEST):
        return None
    return Refusal(
        "born_on_impossible", "born_on", f"nobody alive was born on {born_on}",
        "send the day as year-month-day, or leave it out",
    )  # fmt: skip


# For people to see -----------------------------------------------------------------------------


def masked_name(given: str, family: str) -> str:
    """ "Anna R.": enough to greet, too little to find."""
    return f"{given} {family[:1]}." if given and family else given or (family and f"{family[0]}.")


MASK = "•••"  # nobody's own words


def masked_text(text: str) -> str:
    """What somebody wrote of a person: its first sign, to tell two apart on the telephone."""
    return f"{text[:1]}{MASK}"


def veiled(identifier: Identifier) -> str:
    """An identifier for those who see pseudonyms: its last four signs, of an address none."""
    return "•••" if identifier.kind == "email" else f"•••{identifier.value[-4:]}"


def masked(identifier: Identifier) -> str:
    """An identifier that cannot be used: +39•••••1234, a•••@example.org. Cards and ids in full."""
    value = identifier.value
    if identifier.kind == "phone":
        tail = 4 if len(value) >= 12 else 2
        return value[:3] + "•" * (len(value) - 3 - tail) + value[-tail:]
    if identifier.kind == "email":
        return f"{value[0]}•••@{value.partition('@')[2]}"
    return value
