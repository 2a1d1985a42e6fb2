"""The three shells of this installation, by where they lie."""

from __future__ import annotations

from typing import Any

from tessera.doors.api import Api
from tessera.doors.bounded import MOST, Bounded
from tessera.doors.cabinet import areas as cabinet
from tessera.doors.cashier import areas as cashier
from tessera.doors.console import areas as console
from tessera.doors.web.asking import Asking
from tessera.doors.web.discovery import areas_of
from tessera.doors.web.shell import Look, Shell

CONSOLE = Look("console", "/console", "tessera_console", "/console/sign-in")
# Lax: a link in a mail opens the cabinet signed in; nothing is changed by a link.
CABINET = Look("cabinet", "/m", "tessera_m", "/m/sign-in", same_site="Lax", threads=False)
CASHIER = Look("cashier", "/till", "tessera_till", "/till/pair", threads=False)
_MANY = 256  # members and tills are many, and their pages are small


class Shells:
    """Who answers a path: `at` tells, None where no page lies."""

    def __init__(self, api: Api) -> None:
        asking = Asking(api)
        self.all = {
            look.name: Shell(look, areas_of(areas), asking)
            for look, areas in ((CONSOLE, console), (CABINET, cabinet), (CASHIER, cashier))
        }
        tally = api.house.tally
        self._bounded = {
            shell.look.prefix: Bounded(shell, tally, name, MOST if name == "console" else _MANY)
            for name, shell in self.all.items()
        }

    def at(self, path: str) -> Any:
        """The application below whose prefix the path lies."""
        prefix = "/" + path.split("/", 2)[1]
        return self._bounded.get(prefix)
