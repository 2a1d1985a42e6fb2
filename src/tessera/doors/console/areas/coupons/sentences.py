"""A kind of coupon in plain sentences: who uses it, how often, until when, what it brings. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tessera.doors.language.local import Local
from tessera.doors.language.words import N_
from tessera.rules.core.coupons import Coupon
from tessera.rules.core.words import Program

_WORD = N_("Everybody can use it with the word %(word)s.")
_PERSONAL = N_("Only the member it was given to can use it.")
_BOTH = N_("It counts on purchases from %(first)s to %(last)s.")
_FROM = N_("It counts on purchases from %(first)s on.")
_TO = N_("It counts on purchases until %(last)s.")
_EVER = N_("It counts on any day.")
_ASKED = N_("These rules give something for it: %(names)s.")
_UNASKED = N_("No rule asks for it yet: whoever shows it gets nothing.")
_GIVEN = N_("Members are given it by these rules: %(names)s.")


def plainly(code: str, program: Program, local: Local) -> str:
    """What a kind is, whole, and which rules ask for it or give it."""
    said = [*_itself(program.coupons[code], local), *_around(code, program, local)]
    return ("" if local.language == "zh" else " ").join(said)


def _itself(coupon: Coupon, local: Local) -> Iterator[str]:
    yield _codes(coupon, local)
    if coupon.personal:
        yield local.gettext(_PERSONAL)
    if coupon.per_member is not None:
        yield local.ngettext(
            "Each member can use it once.",
            "Each member can use it %(count)s times at most.", coupon.per_member,
        ) % {"count": local.count(coupon.per_member)}  # fmt: skip
    if coupon.most is not None:
        yield local.ngettext(
            "All together can use it once.",
            "All together can use it %(count)s times at most.", coupon.most,
        ) % {"count": local.count(coupon.most)}  # fmt: skip
    yield _dates(coupon, local)
    if coupon.days is not None:
        yield local.ngettext(
            "When a rule gives one, it is good for %(count)s more day.",
            "When a rule gives one, it is good for %(count)s more days.", coupon.days,
        ) % {"count": local.count(coupon.days)}  # fmt: skip


def _codes(coupon: Coupon, local: Local) -> str:
    if coupon.code is not None:
        return local.gettext(_WORD) % {"word": coupon.code}
    return local.ngettext(
        "Each coupon has a code of its own, which counts once.",
        "Each coupon has a code of its own, which counts %(count)s times.", coupon.uses,
    ) % {"count": local.count(coupon.uses)}  # fmt: skip


def _dates(coupon: Coupon, local: Local) -> str:
    days: Mapping[str, str] = {
        "first": local.day(coupon.starts) if coupon.starts else "",
        "last": local.day(coupon.ends) if coupon.ends else "",
    }
    if coupon.starts and coupon.ends:
        return local.gettext(_BOTH) % days
    if coupon.starts:
        return local.gettext(_FROM) % days
    return local.gettext(_TO if coupon.ends else _EVER) % days


def _around(code: str, program: Program, local: Local) -> Iterator[str]:
    """The rules that ask for it, and those that give it."""
    asking = [rule.name or rule.id for rule in program.rules if rule.coupon == code]
    if asking:
        yield local.gettext(_ASKED) % {"names": local.listed(asking)}
    else:
        yield local.gettext(_UNASKED)
    giving = [
        rule.name or rule.id for rule in program.rules
        if getattr(getattr(rule, "prize", None), "coupon", None) == code
    ]  # fmt: skip
    if giving:
        yield local.gettext(_GIVEN) % {"names": local.listed(giving)}
