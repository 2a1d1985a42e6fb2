"""One call of every operation, on one's own, another's and nobody's object.

Every file here may say
    MAKES     operation -> a function that makes the words of its address and its body
    ANYBODYS  operations whose objects are there for everybody, or made by the call: nobody's does
              not exist among them, so that a random object changes nothing
    OF_STORE  operations whose body names the store: another's is refused as such (403)
    BY_ID     operations on an object whose store is not said but known: another's is as good as
              none (404)
    REFUSED   operation -> status of an answer to a call that may be made and cannot succeed here
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from support.things import Make

MAKES: dict[str, Make] = {}
ANYBODYS: set[str] = set()
OF_STORE: set[str] = set()
BY_ID: set[str] = set()
REFUSED: dict[str, int] = {}

_HERE: dict[str, Any] = {
    "MAKES": MAKES, "ANYBODYS": ANYBODYS, "OF_STORE": OF_STORE, "BY_ID": BY_ID, "REFUSED": REFUSED,
}  # fmt: skip
for _found in pkgutil.iter_modules(__path__):
    _module = importlib.import_module(f"{__name__}.{_found.name}")
    for _name, _all in _HERE.items():
        _all.update(getattr(_module, _name, {}))
