"""A client for tills: it stands alone, on the standard library only.

    till = Till(Path("/var/lib/till-1"), "https://loyalty.example", key, "ROMA", "1")
    member = till.identify("2900000000018")
    done = till.sell(Sale([Line("LATTE", 2, 250)], card=member.card, spend=100))
    ...
    till.send()  # every few seconds, and at night: what could not be sent before

Copy this folder into a till's program, or install the package: nothing else of it is imported.
"""

from tessera.till.circuit import Circuit
from tessera.till.program import Till
from tessera.till.wire import Away
from tessera.till.words import Entry, How, Line, Member, Outcome, Refused, Report, Sale

__all__ = [
    "Away",
    "Circuit",
    "Entry",
    "How",
    "Line",
    "Member",
    "Outcome",
    "Refused",
    "Report",
    "Sale",
    "Till",
]
