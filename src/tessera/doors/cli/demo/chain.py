"""The stores: two in Rome and one online, more of them where there are more members."""

from __future__ import annotations

from tessera.warehouse.core import Store

CURRENCY = "EUR"
TIME_ZONE = "Europe/Rome"
ONLINE = 2  # its place in the list
MEMBERS_PER_STORE = 2_500
_MOST = 300  # stores
_QUARTERS = """
    Testaccio Garbatella Monti Esquilino Flaminio Parioli Nomentano Tiburtino Tuscolano Ostiense
    Aurelio Gianicolense Monteverde Trionfale Balduina Montesacro Pigneto Centocelle Eur Ostia
    Frascati Tivoli Velletri Latina Viterbo Rieti Civitavecchia Anzio Formia Cassino
"""


def stores(members: int) -> tuple[Store, ...]:
    """Where members of so many shop: the first three are always there, the third is online."""
    quarters = _QUARTERS.split()
    found = [
        Store("TRASTEVERE", "Bottega Tessera Trastevere", TIME_ZONE, "roma"),
        Store("PRATI", "Bottega Tessera Prati", TIME_ZONE, "roma"),
        Store("ONLINE", "Bottega Tessera online", TIME_ZONE),
    ]
    for more in range(min(members // MEMBERS_PER_STORE, _MOST) - len(found) + 1):
        turn, place = divmod(more, len(quarters))
        name = f"{quarters[place]} {turn + 1}" if turn else quarters[place]
        region = "roma" if place < quarters.index("Frascati") else "lazio"
        code = name.upper().replace(" ", "-")
        found.append(Store(code, f"Bottega Tessera {name}", TIME_ZONE, region))
    return tuple(found)


def tills(place: int) -> tuple[str, ...]:
    """The tills of the store at this place of the list."""
    if place == ONLINE:
        return ("WEB",)
    return ("1", "2", "3") if place == 0 else ("1", "2")


def cashier(store: Store, till: str, at_s: int) -> str:
    """Five people per store take turns by till and half day; nobody sits online.

    units  `at_s` in seconds from the first day's midnight
    """
    if till == "WEB":
        return ""
    return f"{store.id[:2]}{(at_s // 43_200 * 2 + int(till)) % 5 + 1}"
