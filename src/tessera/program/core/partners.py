"""Whether partners fit the program: stores of one partner each, rates of points that there are."""

from __future__ import annotations

from collections.abc import Sequence

from tessera.program.core.clocks import check_zone
from tessera.rules.core.filling import Filler
from tessera.rules.core.words import Mechanic, Program


def check_partners(
    filler: Filler, program: Program, placed: Sequence[tuple[str, Mechanic]],
    doubtful: frozenset[str],
) -> None:  # fmt: skip
    """Note every fault of `partners`, and of rules that name who pays for them.

    doubtful  settings with mistakes of their own: what is not in them is no fault
    """
    owner: dict[str, str] = {}
    for code, partner in program.partners.items():
        path = f"partners.{code}"
        if "/" in code:  # it is a part of an address
            filler.fault(path, "a partner is named without /", "rename it")
        for i, store in enumerate(partner.stores):
            if store in owner:
                why = f"the store {store} belongs to {owner[store]}"
                filler.fault(f"{path}.stores[{i}]", why, "let it belong to one partner, once")
            owner.setdefault(store, code)
        for unit in partner.currencies:
            if unit not in program.currencies and "currencies" not in doubtful:
                why = f"there is no currency {unit}"
                filler.fault(f"{path}.currencies.{unit}", why, "add it to `currencies`")
        check_zone(filler, partner.time_zone, path)
    if "partners" not in doubtful:
        for path, rule in placed:
            _check_payer(filler, program, path, rule)


def _check_payer(filler: Filler, program: Program, path: str, rule: Mechanic) -> None:
    """Whoever pays is named and there; what is given in a partner's own store that partner pays."""
    if rule.funder and rule.funder not in program.partners:
        why = f"there is no partner {rule.funder}"
        filler.fault(f"{path}.funder", why, "declare it under `partners`")
    own = rule.funding == "partner" and any(each.stores for each in program.partners.values())
    if not rule.funder and rule.funding in ("partner", "supplier") and not own:
        why = f"a {rule.funding} pays for this rule, and is not named"
        filler.fault(f"{path}.funder", why, "name it as `funder`, and declare it under `partners`")
