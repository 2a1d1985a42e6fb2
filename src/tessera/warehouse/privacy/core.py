"""How a phone stands in files. Pure."""

from __future__ import annotations

import phonenumbers


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
