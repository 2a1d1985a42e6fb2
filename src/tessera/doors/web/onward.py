"""Addresses that somebody may be sent on to: pages of the same shell and nothing else."""

from __future__ import annotations

import re

_LONGEST = 500
_BELOW = re.compile(r"(/[\w.~%@:+-]+)*(\?[\w.~%&=+:/-]*)?\Z", re.ASCII)


def onward(prefix: str, said: str) -> str:
    """The address, if it is a page below `prefix`, else where the shell begins."""
    fits = said.startswith(prefix) and _BELOW.match(said, len(prefix))
    return said if fits and len(said) <= _LONGEST and ".." not in said else prefix
