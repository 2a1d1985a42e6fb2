"""How a phone stands in files. Pure."""

from __future__ import annotations

import phonenumbers

_TRUNKS = ("", "1", "6", "8")  # before calls at home: 0, 1, 06, 8


def parted(phone: str) -> tuple[str, str]:
    """(number of the country, number within it) as digits; ("", all) of one that no plan knows.

    phone   as E.164 writes it
    source  phonenumbers, the library of libphonenumber's plans
    """
    try:
        found = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return "", phone.removeprefix("+")
    return str(found.country_code), phonenumbers.national_significant_number(found)


def dialled_abroad(phone: str) -> list[str]:
    """How it is written with its country's number, as digits without + and 00.

    Many write the zero of calls at home too; where a plan gives that number to others it is theirs.

    phone   as E.164 writes it
    """
    country, within = parted(phone)
    zero = f"{country}0{within}"
    others = not country or _is_given_apart(f"+{zero}", (country, f"0{within}"))
    return [phone.removeprefix("+"), *([] if others else [zero])]


def dialled_at_home(phone: str) -> list[str]:
    """How it is written without its country's number, as digits that begin with no zero.

    Some plans write a number otherwise at home than abroad: +375 29 is 80 29 in Belarus, +54 9 11
    is 011 15 in Argentina.

    phone   as E.164 writes it
    """
    country, within = parted(phone)
    bare = within.lstrip("0")
    usual = [_as_at_home(phone)] if country else []
    return [*usual, *(trunk + bare for trunk in _TRUNKS)] if bare else []


def dialled_nearby(phone: str) -> str:
    """The same where its area goes without saying: the last eight are a whole number there."""
    return phone[-8:].lstrip("0")


def _as_at_home(phone: str) -> str:
    written = phonenumbers.format_number(
        phonenumbers.parse(phone), phonenumbers.PhoneNumberFormat.NATIONAL
    )
    return "".join(each for each in written if each.isdigit()).lstrip("0")


def without_trunk(phone: str) -> str:
    """The phone that this one is with the zero of calls at home, else itself.

    phone   as E.164 writes it
    """
    if "0" not in phone[2:5]:  # a country's number has one digit, two or three
        return phone
    country, within = parted(phone)
    bare = f"+{country}{within.removeprefix('0')}"
    zero = within.startswith("0") and phone.removeprefix("+") in dialled_abroad(bare)
    return bare if zero else phone


def _is_given_apart(phone: str, parts: tuple[str, str]) -> bool:
    """Whether a plan reads a phone as these parts and gives such numbers to people."""
    return parted(phone) == parts and phonenumbers.is_valid_number(phonenumbers.parse(phone))
