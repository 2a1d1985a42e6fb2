"""The till: identify, quote, sell, give back, cancel; with the line and without."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote as in_address

from tessera.till.circuit import Circuit, pause_s
from tessera.till.db import Allowance, Book
from tessera.till.judging import Judge, now_told
from tessera.till.sending import Sending
from tessera.till.wire import Away, Heard, Wire
from tessera.till.words import Entry, How, Json, Member, Outcome, Refused, Report, Sale

_NO_OFFER_S = 3600.0  # a program that lets nothing be spent while cut off is not asked each time


class Till:
    """One till of a store, over a directory of its own.

    directory    where its book lies: on a disk that survives a power cut. Several processes may
                 share it; each sale is sent by one of them
    url, key     of the server, and of the API key
    store, till  as the server knows them

    Every sale and return is on disk, with its number and its Idempotency-Key, before it is sent;
    whatever happens then (an answer that is lost, a kill, a power cut), it is posted exactly once.
    Methods wait `how.patience_s` at most and may be called from several threads, one at a time.

    errors  sqlite3.Error where the disk is full or broken; ValueError for an impossible address
    """

    def __init__(
        self, directory: Path, url: str, key: str, store: str, till: str, how: How | None = None
    ) -> None:
        self.how = how or How()
        self.url, self.key, self.store, self.till = url, key, store, till
        self.circuit = Circuit(self.how.failures, self.how.rest_s, self.how.rest_most_s)
        self._wire = self.dial(url, key)
        self._book = Book(directory, self.how.keep_days)
        self._judge = Judge(self._book, self._wire)
        later = self.dial(url, key)  # of its own, so that a customer need not wait for it
        judge = Judge(self._book, later)
        self._sending = Sending(self._book, later, judge, self.circuit, self.how)
        self._lock = threading.RLock()
        self._no_offer_until = 0.0

    def dial(self, url: str, key: str) -> Wire:
        """A way to the server; whoever rehearses puts a line of another kind in its place."""
        return Wire(url, key, self.how)

    def close(self) -> None:
        """Let go of the line and of the book."""
        with self._lock:
            self._wire.close()
            self._sending.close()
            self._book.close()

    def __enter__(self) -> Till:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Asking ------------------------------------------------------------------------------------

    def identify(self, card: str) -> Member:
        """Who stands here. Cut off: what the card may spend all the same.

        errors  Refused, as by `card_unknown`
        """
        with self._lock:
            try:
                said = self._asked(self._ask("POST", "/v1/identify", {"card": card}))
                self._ask_allowance(card)
            except Away:
                return Member(card, online=False, may_spend=self.may_spend(card))
            return Member(
                card, True, self.may_spend(card), said["name"], said["registered"],
                said["balance"]["available"],
            )  # fmt: skip

    def may_spend(self, card: str) -> int:
        """Points that the card may spend while the line is cut."""
        found = self._book.allowance(card)
        if found is None or found.valid_until <= time.time():
            return 0
        return max(found.left, 0) // found.step * found.step

    def quote(self, sale: Sale, *, hold: bool = False) -> Json:
        """What a basket would bring. Errors: Away, Refused.

        hold  keep it for 15 minutes: the answer's `id` is the `quote` of the sale
        """
        with self._lock:
            body = {"basket": self._body(sale, sale.number or "-"), "hold": hold}
            key = f"quote-{time.time_ns():x}-{self._book.holder}" if hold else ""
            return self._asked(self._ask("POST", "/v1/quotes", body, key))

    def cancel(self, quote: str) -> Outcome:
        """The customer walked away. Cut off: the quote ends by itself, at its deadline."""
        with self._lock:
            path = f"/v1/quotes/{in_address(quote, safe='')}/cancel"
            try:
                return Outcome("done", "", answer=self._asked(self._ask("POST", path, None, path)))
            except Refused as refused:
                return Outcome("refused", "", code=refused.code, why=refused.why)
            except Away as away:
                return Outcome("queued", "", why=str(away))

    # Selling -----------------------------------------------------------------------------------

    def sell(self, sale: Sale) -> Outcome:
        """The customer has paid, or is about to pay what `off_minor` leaves.

        With the line: the server's answer, or its refusal. Without: it is kept and sent later;
        points are spent as far as the card's allowance goes, else the outcome is `void`.
        """
        with self._lock:
            if self.circuit.open and not self._worth_a_look():
                return self._sell_cut_off(sale)
            with self._book.writing():
                body = self._body(sale, sale.number or self._book.next_number())
                entry = self._book.add("sale", sale.card or "", body, "open", 0)
            said = self._post("/v1/receipts", entry)
            return said if isinstance(said, Outcome) else self._let_go(sale, entry, said.sent)

    def give_back(
        self, number: str, lines: Sequence[tuple[int, int]] | None = None,
        sale: Mapping[str, Any] | None = None, more: Mapping[str, Any] | None = None,
    ) -> Outcome:  # fmt: skip
        """Goods come back. Without the line nothing is known of points and gifts: see the guide.

        number  of the sale; of one that is not in this till's book `sale` says the rest of what
                makes it unique: store, till, business_date, shift
        lines   (line from 1, units); None for everything that is left
        errors  ValueError for no lines: who filters them and keeps none means nothing
        """
        if lines is not None and not lines:
            raise ValueError("a return of no lines: leave them out for everything that is left")
        with self._lock:
            now, known = now_told(), self._book.sale(number)
            named = self._identity(known.body if known else {"number": number}, now)
            back = [{"line": line, "quantity": units} for line, units in lines or ()]
            cut = self.circuit.open and not self._worth_a_look()
            with self._book.writing():
                body: Json = {
                    "sale": named | dict(sale or {}), "store": self.store, "till": self.till,
                    "happened_at": now,
                    "number": self._book.next_number(), **({"lines": back} if back else {}),
                } | dict(more or {})  # fmt: skip
                entry = self._book.add("return", "", body, "queued" if cut else "open", 0)
            said = None if cut else self._post("/v1/returns", entry)
            if isinstance(said, Outcome):
                return said
            if said is not None:
                with self._book.writing():
                    self._book.settle(entry, "queued")
            return Outcome("queued", entry.number)

    def _post(self, path: str, entry: Entry) -> Outcome | Away:
        """Send an entry while the customer waits; Away if there was no answer."""
        try:
            return self._judge.tell(entry, self._ask("POST", path, entry.body, entry.key, True))
        except Away as away:
            return away
        except BaseException:  # whoever interrupts us must not leave it in our hands
            with self._book.writing():
                self._book.settle(entry, "queued")
            raise

    def _identity(self, body: Mapping[str, Any], now: str) -> Json:
        """What makes a receipt of this till unique."""
        return {
            "store": self.store, "till": self.till, "shift": body.get("shift", ""),
            "business_date": body.get("business_date", now[:10]), "number": body["number"],
        }  # fmt: skip

    # Later -------------------------------------------------------------------------------------

    def send(self) -> Report:
        """Send what waits, in its order. Call it every few seconds; it may be called at any time.

        Of several processes one sends; the others are told so at once.
        """
        return self._sending.run()

    def waiting(self, most: int = 1000) -> list[Entry]:
        """What is still to be sent, oldest first."""
        return self._book.by_state("queued", most)

    def refused(self, most: int = 1000) -> list[Entry]:
        """What was turned away when it was sent later: somebody has to look at it."""
        return self._book.by_state("refused", most)

    def find(self, number: str) -> Entry | None:
        """The sale of this number in the book, None if it is not there."""
        return self._book.sale(number)

    def counts(self) -> dict[str, int]:
        """{state: how many entries the book has in it}."""
        return self._book.counts()

    def repair(self, entry_id: int, **change: Any) -> Entry:
        """Say a refused entry in other words, and let it be sent again. None takes a field out.

        errors  KeyError if no refused entry has this id
        """
        with self._lock, self._book.writing():
            entry = self._refused(entry_id)
            body = {name: v for name, v in (entry.body | change).items() if v is not None}
            self._book.say_otherwise(entry, body, entry.spent)
            again = self._book.one(entry_id)
            assert again is not None
            return again

    def drop(self, entry_id: int) -> None:
        """Give a refused entry up; it stays in the book. Errors: KeyError, as of `repair`."""
        with self._lock, self._book.writing():
            entry = self._refused(entry_id)
            self._book.settle(entry, "dropped", entry.answer, entry.code, entry.why)

    def _refused(self, entry_id: int) -> Entry:
        entry = self._book.one(entry_id)
        if entry is None or entry.state != "refused":
            raise KeyError(entry_id)
        return entry

    # The line ----------------------------------------------------------------------------------

    def _worth_a_look(self) -> bool:
        """The line was cut. Whether it is back is found out by a question that posts nothing."""
        if not self.circuit.allows():
            return False
        try:
            heard = self._wire.call("GET", "/v1/stores")
        except Away:
            self.circuit.failed()
            return False
        if heard.status >= 500:
            self.circuit.failed(heard.wait_s)
            return False
        self.circuit.worked()
        return True

    def _ask(
        self, method: str, path: str, body: Any = None, key: str = "", tried: bool = False
    ) -> Heard:
        """An answer that is one, within the customer's patience.

        tried   the circuit was asked already
        errors  Away at once where the circuit is open, or when patience has ended
        """
        end, sent = time.monotonic() + self.how.patience_s, False
        for attempt in range(self.how.tries):
            if not tried and not self.circuit.allows():
                raise Away("the line is cut", sent=sent)
            tried = False
            try:
                heard = self._wire.call(method, path, body, key)
                if not heard.again:
                    heard.body()  # whoever answers no JSON is not the server
                    self.circuit.worked()
                    return heard
                sent, why, wait_s = True, f"the server answered {heard.status}", heard.wait_s
            except Away as away:
                sent, why, wait_s = sent or away.sent, str(away), 0.0
            self.circuit.failed(wait_s)
            pause = pause_s(attempt, wait_s)
            if attempt + 1 == self.how.tries or time.monotonic() + pause > end:
                break
            time.sleep(pause)
        raise Away(why, sent=sent)

    def _asked(self, heard: Heard) -> Json:
        said = heard.body()
        if heard.status >= 400:
            raise Refused(str(said.get("code", heard.status)), str(said.get("why", "")))
        return said

    # Cut off -----------------------------------------------------------------------------------

    def _ask_allowance(self, card: str) -> None:
        """A fresh allowance while the line is there, once the server knows of all that was spent.

        It is asked for again when half its time is over, or something of it was spent.
        """
        found, now = self._book.allowance(card), time.time()
        young = found is not None and now < (found.issued_at + found.valid_until) / 2
        if self._no_offer_until > now or (found is not None and young and not found.used):
            return
        if self._book.unsent_of(card):
            return
        body = {"card": card, "store": self.store, "till": self.till}
        key = f"allow-{time.time_ns():x}-{self._book.holder}"
        try:
            said = self._asked(self._ask("POST", "/v1/allowances", body, key))
        except Refused as refused:
            if refused.code == "offline_not_offered":
                self._no_offer_until = now + _NO_OFFER_S
            return
        fresh = Allowance(
            said["token"], said["points"], 0, said["step"], said["worth_minor"],
            said["max_percent"], _seconds(said["issued_at"]), _seconds(said["valid_until"]),
        )  # fmt: skip
        with self._book.writing():
            self._book.keep_allowance(card, fresh)

    def _sell_cut_off(self, sale: Sale) -> Outcome:
        """Nothing was tried: the sale is made here, and sent later."""
        allowance = self._covering(sale)
        with self._book.writing():
            number = sale.number or self._book.next_number()
            if sale.spend and (
                allowance is None or not self._book.use(sale.card or "", allowance, sale.spend)
            ):
                return _void(number, self.may_spend(sale.card or ""))
            body = self._body(sale, number) | _away(allowance)
            self._book.add("sale", sale.card or "", body, "queued", sale.spend)
        return _kept(number, sale, allowance)

    def _let_go(self, sale: Sale, entry: Entry, sent: bool) -> Outcome:
        """It was tried; if it was sent, whether the server has it is not known.

        Without points the same words are sent again under the same key. With points that the
        allowance covers it is said as an offline receipt: should the first words have been posted,
        the number is known there, with the same content. Points that are not covered cannot be
        promised: the sale is void, and given back in case it was posted.
        """
        if not sale.spend:
            with self._book.writing():
                self._book.settle(entry, "queued")
            return _kept(entry.number, sale, None)
        allowance = self._covering(sale)
        with self._book.writing():
            if allowance is not None and self._book.use(sale.card or "", allowance, sale.spend):
                self._book.say_otherwise(entry, entry.body | _away(allowance), sale.spend)
                return _kept(entry.number, sale, allowance)
            self._book.settle(entry, "void", code="line_cut")
            if sent:
                self._book.add("return", "", self._undoing(entry), "queued", 0)
        return _void(entry.number, self.may_spend(sale.card or ""))

    def _undoing(self, entry: Entry) -> Json:
        """The return of a whole sale that may have been posted; inside `writing`."""
        return {
            "sale": self._identity(entry.body, ""), "store": self.store, "till": self.till,
            "number": self._book.next_number(), "happened_at": now_told(),
            "reason": "void: the line was cut",
        }  # fmt: skip

    def _covering(self, sale: Sale) -> Allowance | None:
        """The allowance that covers all the points a sale spends, if one does."""
        found = self._book.allowance(sale.card) if sale.card and sale.spend else None
        if found is None or found.valid_until <= time.time() or sale.spend % found.step:
            return None
        most_minor = sale.payable_minor() * found.max_percent // 100
        return found if found.worth(sale.spend) <= most_minor else None

    def _body(self, sale: Sale, number: str) -> Json:
        """A receipt as the API has it."""
        told = now_told() if sale.happened_at is None else sale.happened_at.isoformat()
        body: Json = {
            "store": self.store, "till": self.till, "number": number, "happened_at": told,
            "business_date": told[:10],  # said, so that a return can name it
            "currency": self.how.currency, "total_minor": sale.total_minor(),
            "lines": [line.as_json() for line in sale.lines],
        }  # fmt: skip
        optional = {"card": sale.card, "quote": sale.quote}
        body |= {name: value for name, value in optional.items() if value is not None}
        if sale.spend:
            body["spend"] = {"points": sale.spend}
        return body | dict(sale.more)


def _away(allowance: Allowance | None) -> Json:
    """What a receipt says that was made while the line was cut."""
    return {"offline": True} | ({} if allowance is None else {"allowance": allowance.token})


def _kept(number: str, sale: Sale, allowance: Allowance | None) -> Outcome:
    worth = 0 if allowance is None else allowance.worth(sale.spend)
    return Outcome("queued", number, sale.spend, worth)


def _void(number: str, may_spend: int) -> Outcome:
    why = f"the line is cut; the card may spend {may_spend} points until it is back"
    return Outcome("void", number, code="line_cut", why=why)


def _seconds(told: str) -> float:
    """An instant as the server writes it, in seconds since 1970."""
    return datetime.fromisoformat(told.replace("Z", "+00:00")).timestamp()
