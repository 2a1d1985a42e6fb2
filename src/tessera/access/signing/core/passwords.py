"""Which passwords are refused: short ones, common ones, one's own name."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from tessera.base.refusal import Refusal

LEAST, MOST = 12, 128
# What people choose when twelve characters are asked for: words, walks over the keyboard and names
# that lead every list of leaked passwords. Compared without digits and signs at either end.
_WORDS = """password passwords passwort mypassword newpassword thepassword changeme letmein welcome
    welcometo iloveyou iloveyouforever ilovemyself princess sunshine football baseball basketball
    superman batman spiderman starwars pokemon dragon monkey monkeybusiness shadow master michael
    jennifer jessica qwerty qwertyuiop qwertyuiopas qwertzuiop azertyuiop asdfghjkl asdfghjklqwe
    zxcvbnm qwertyasdfgh qazwsxedcrfv administrator admin adminadmin adminpassword root rootroot
    superuser supersecret secret topsecret trustno onelove forever whatever chocolate butterfly
    california barcelona liverpool manchester manchesterunited arsenal juventus spartak zenit
    computer internet samsung motorola microsoft google facebook tessera loyalty loyaltyprogram
    testtesttest testpassword defaultpassword temporary temppassword company companyname
    correcthorsebatterystaple correcthorse incorrect unknown nothing everything parola contrasena
    parolina haslohaslo privet lyubov marina natasha aleksandr abcdefghijkl abcdefghijklm abc
    zaqxswcdevfr qweasdzxc qweasdzxcrty onetwothree onetwothreefour aaaa jesuschrist godisgood
    summer winter spring autumn january february september october november december monday
    """
_COMMON = frozenset(_WORDS.split())
_EDGES = re.compile(r"^[\W\d_]+|[\W\d_]+$")


def normal(password: str) -> str:
    """How a password is hashed: what looks the same is the same (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def fault(password: str, name: str, email: str) -> Refusal | None:
    """Why a password is not taken; None if it is.

    source  NIST SP 800-63B: length, a list of common ones, one's own words; no rules of classes
    """
    said = normal(password)
    why = _why(said, said.casefold(), name, email)
    if why is None:
        return None
    return Refusal(
        "password_weak", "password", why,
        f"choose {LEAST} characters or more that nobody would guess: four words at random will do",
    )  # fmt: skip


def _why(said: str, small: str, name: str, email: str) -> str | None:
    if len(said) < LEAST:
        return f"it has {len(said)} characters, {LEAST} is the least"
    if len(said) > MOST:
        return f"it has {len(said)} characters, {MOST} is the most"
    if _monotonous(small):
        return "it is few characters over and over, or a row of the alphabet"
    if _EDGES.sub("", small) in _COMMON:
        return "it is among the passwords that are tried first"
    words = re.findall(r"\w{3,}", f"{name} {email.partition('@')[0]}".casefold())
    if any(word in small for word in words):
        return "it holds your name or your address"
    return None


def _monotonous(small: str) -> bool:
    """Fewer than five characters, one piece repeated, or each the next of the one before."""
    if len(set(small)) < 5:
        return True
    if any(small == (small[:size] * len(small))[: len(small)] for size in range(1, 7)):
        return True
    steps = [ord(after) - ord(before) for before, after in pairwise(small)]
    return sum(step in (1, -1, 0) for step in steps) >= len(steps) - 2
