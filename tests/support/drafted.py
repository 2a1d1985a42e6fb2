"""Forms of what a draft declares, sent as a browser sends them, and the draft's text afterwards."""

from __future__ import annotations

import html
import re
from typing import Any

from support.api import Api
from support.sent import send, sent
from support.shown import visit


class Drafted:
    """A new draft of somebody's and its forms of one table.

    table, form  as the text calls it, and the id of the form; at: the address of the list
    """

    def __init__(self, site: Api, token: str, table: str, form: str) -> None:
        self.site, self.token, self.table, self.form = site, token, table, form
        made = site.call("POST", "/v1/drafts", {"name": "Declared"}, token=token)
        self.path = f"/console/rules/drafts/{made.json()['draft']['draft_id']}"
        self.at = f"{self.path}/{table}"

    def shown(self, address: str, **headers: str) -> str:
        """A page; one of the list's by its code alone."""
        where = address if address.startswith("/") else f"{self.at}/{address}"
        said = visit(self.site, where, "console", self.token, **headers)
        assert said.status_code == 200, (where, said.status_code, said.text[:300])
        return said.text

    def send(self, code: str, /, **typed: list[str]) -> Any:
        """The answer to an entry's form as it stands, with this typed into it."""
        fields = sent(self.shown(code), self.form) | typed
        return send(self.site, f"{self.at}/{code}", "console", self.token, fields)

    def saved(self, code: str, /, **typed: list[str]) -> str:
        """The page after that."""
        done = self.send(code, **typed)
        assert done.status_code == 303, done.text[-3000:]
        return self.shown(done.headers["location"])

    def removed(self, code: str) -> Any:
        """The answer to taking it out."""
        fields = {"do": ["remove"], "revision": ["1"], "key": ["k" * 20]}
        return send(self.site, f"{self.at}/{code}", "console", self.token, fields)

    def checked(self) -> Any:
        """The draft as the command line sees it."""
        at = f"/v1/drafts/{self.path.rpartition('/')[2]}/check"
        return self.site.call("GET", at, token=self.token).json()

    def entries(self) -> Any:
        """{code: entry} as the text says them; there are no mistakes."""
        checked = self.checked()
        assert not checked["mistakes"], checked["mistakes"]
        return checked["program"].get(self.table, {})


def said_of(page: str) -> str:
    """The plain sentence."""
    found = re.search(r'class="sentence">(.*?)</p>', page, re.S)
    assert found, "there is a place for it"
    return html.unescape(found[1])


def fault_of(page: str, control: str) -> str:
    """What is said to be wrong beside a control; "" for nothing."""
    found = re.search(rf'id="{re.escape(control)}-fault">(.*?)</p>', page, re.S)
    assert found, f"{control} has a place for it"
    return html.unescape(found[1])
