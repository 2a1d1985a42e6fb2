"""What an answer means for an entry of the book."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from tessera.till.db import Book
from tessera.till.wire import Away, Heard, Wire, may_come_again
from tessera.till.words import Entry, Json, Outcome

_POSTED = re.compile(r"/v1/receipts/([0-9a-f-]{36})")
_NOT_OURS = {401, 403}  # the key is wrong, not the receipt: it waits until that is mended
_KEPT = ("id", "kind", "number")


class Judge:
    """Reads answers, and writes into the book what became of entries."""

    def __init__(self, book: Book, wire: Wire) -> None:
        self._book, self._wire = book, wire

    def tell(self, entry: Entry, heard: Heard) -> Outcome:
        """The answer to a call while the customer waits: a refusal is the cashier's to mend.

        errors  Away where the answer is none
        """
        said = heard.body()
        if heard.status < 300 and _is_answer(said):
            return self._done(entry, said)
        if "code" not in said:
            raise Away(f"{heard.status}, and not from our server")
        code, why = str(said["code"]), str(said.get("why", ""))
        if heard.status in _NOT_OURS:
            raise Away(f"{code}: {why}")
        posted = self._posted(entry, said) if code == "receipt_known" else None
        if posted is not None:
            return self._done(entry, posted)
        with self._book.writing():
            self._book.settle(entry, "told", None, code, why)
        return Outcome("refused", entry.number, code=code, why=why)

    def later(self, entry: Entry, status: int, said: Json) -> str:
        """The answer to an entry that was sent later: `done`, `refused`, or "" if it waits on.

        errors  Away where the line was cut while it had to be asked what was posted
        """
        if status < 300 and _is_answer(said):
            with self._book.writing():
                self._book.settle(entry, "done", _short(said))
            return "done"
        code, why = str(said.get("code", "")), str(said.get("why", ""))
        if not code or status in _NOT_OURS or may_come_again(status, said):
            return ""
        posted = self._posted(entry, said) if code == "receipt_known" else None
        with self._book.writing():
            if posted is not None:
                self._book.settle(entry, "done", _short(posted))
                return "done"
            field = str(said.get("field", ""))
            self._book.settle(entry, "refused", None, code, f"{field}: {why}" if field else why)
        return "refused"

    def _done(self, entry: Entry, said: Json) -> Outcome:
        with self._book.writing():
            self._book.settle(entry, "done", _short(said))
        effects = said.get("effects", ())
        off = sum(each["given"] for each in effects if each.get("kind") == "payment")
        spent = int(said.get("points_spent", 0))
        return Outcome("done", entry.number, spent, off if spent > 0 else 0, said)

    def _posted(self, entry: Entry, said: Json) -> Json | None:
        """The receipt that is there under this number, if it is this one."""
        named = _POSTED.search(str(said.get("cure", "")))
        if named is None:
            return None
        heard = self._wire.call("GET", f"/v1/receipts/{named[1]}")
        if heard.again:
            raise Away(f"the server answered {heard.status}")
        told = heard.body()
        return told if heard.status == 200 and same_content(entry, told) else None


def same_content(entry: Entry, told: Json) -> bool:
    """Whether a posted receipt is what an entry says: kind, moment, goods, points asked."""
    body = entry.body
    if told.get("kind") != entry.kind or told.get("number") != entry.number:
        return False
    if instant(told["happened_at"]) != instant(body["happened_at"]):
        return False
    if entry.kind == "return":
        return bool(told.get("sale") == body["sale"]["number"])
    sold = [(line["sku"], line["quantity"]) for line in told["lines"]]
    gross = told["gross_minor"] == body["total_minor"]
    asked = body.get("spend", {}).get("points", 0)
    return gross and told["points_spent"] in _spendable(asked, body) and sold == [
        (line["sku"], line["quantity"]) for line in body["lines"]
    ]  # fmt: skip


def _spendable(asked: int, body: Json) -> range:
    """An offline receipt may have been posted with fewer points than it asked for."""
    return range(0 if body.get("offline") else asked, asked + 1)


def instant(told: str) -> datetime:
    """A moment as it is written, for comparing."""
    return datetime.fromisoformat(told.replace("Z", "+00:00"))


def now_told() -> str:
    """Now, with this till's offset."""
    return datetime.now(UTC).astimezone().isoformat(timespec="milliseconds")


def _is_answer(said: Json) -> bool:
    return all(name in said for name in _KEPT[:2])


def _short(said: Json) -> Json:
    """What the book keeps of an answer."""
    return {name: said[name] for name in _KEPT if name in said}
