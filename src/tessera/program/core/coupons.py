"""Whether what a program says of coupons fits together, and with the rules that name them."""

from __future__ import annotations

from collections.abc import Sequence

from tessera.rules.core.coupons import Coupon
from tessera.rules.core.filling import Filler
from tessera.rules.core.words import Mechanic, Program

_ALIKE = str.maketrans("ILO", "110")  # as a code is read that somebody has typed


def check_coupons(
    filler: Filler, program: Program, placed: Sequence[tuple[str, Mechanic]],
    doubtful: frozenset[str],
) -> None:  # fmt: skip
    """Note every fault of `coupons` and of the rules' own field.

    doubtful  settings with mistakes of their own: what is not in them is no fault
    """
    words: dict[str, str] = {}
    for kind, coupon in program.coupons.items():
        path = f"coupons.{kind}"
        if coupon.starts and coupon.ends and coupon.ends < coupon.starts:
            why = f"it ends on {coupon.ends}, before it starts on {coupon.starts}"
            filler.fault(f"{path}.ends", why, "exchange the dates")
        if coupon.code is None:
            continue
        word = coupon.code.translate(_ALIKE)
        if word in words:
            filler.fault(f"{path}.code", f"it reads like the code of {words[word]}",
                         "write another word")  # fmt: skip
        words[word] = kind
        _check_word(filler, coupon, path)
    for path, rule in placed:
        if rule.coupon:
            _check_rule(filler, program, rule, path, doubtful)


def _check_word(filler: Filler, coupon: Coupon, path: str) -> None:
    """A word is known to many: what is one person's, or counted by the code, has none."""
    for name, said in (("personal", coupon.personal), ("days", coupon.days is not None),
                       ("uses", coupon.uses != 1)):  # fmt: skip
        if said:
            filler.fault(f"{path}.{name}", "a word is for everybody, who can type it",
                         "take it away, or leave `code` out")  # fmt: skip


def _check_rule(
    filler: Filler, program: Program, rule: Mechanic, path: str, doubtful: frozenset[str]
) -> None:
    if rule.coupon not in program.coupons and "coupons" not in doubtful:
        filler.fault(f"{path}.coupon", f"there is no coupon {rule.coupon}",
                     "declare it under `coupons`")  # fmt: skip
    if rule.trigger == "event":
        filler.fault(f"{path}.coupon", "nobody shows a coupon where nothing is bought",
                     "take it away")  # fmt: skip
