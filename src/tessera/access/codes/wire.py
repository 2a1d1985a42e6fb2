"""Somebody else's network: mail by SMTP, short messages by a gateway over HTTP, or a folder."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from email.message import EmailMessage
from email.policy import SMTP as MAIL
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib
import httpx

from tessera.access.codes.core import Message
from tessera.base.problem import PostgresProblem

TIMEOUT_S = 10.0  # a provider that takes longer has failed; the sweeper tries again
_KEPT_S = 86_400.0  # messages in the folder are for a trial, not an archive


class Unsent(Exception):
    """A message was not handed over. `final`: it never will be, whatever the number of tries."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class Way(Protocol):
    """How messages of a channel leave."""

    async def send(self, message: Message) -> None:
        """Hand it over. Errors: Unsent; its words hold nothing of the message."""


class Smtp:
    """Mail to a server: `smtp://user:password@host:587` (STARTTLS if offered), `smtps://` (TLS)."""

    def __init__(self, url: str, sender: str) -> None:
        parts = _parts(url, ("smtp", "smtps"), "TESSERA_SMTP_URL")
        self._host, self._tls = parts.hostname or "", parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 587)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._sender = sender

    async def send(self, message: Message) -> None:
        """Hand it over. Errors: Unsent; final if the server will not have this address."""
        try:
            mail = self._letter(message)
        except ValueError:  # lines in an address would be headers of their own
            raise Unsent("this is no address of a letter", final=True) from None
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await aiosmtplib.send(
                    mail, hostname=self._host, port=self._port, use_tls=self._tls,
                    username=self._user or None, password=self._password or None,
                    timeout=TIMEOUT_S,
                )  # fmt: skip
        except aiosmtplib.SMTPRecipientsRefused as error:
            final = all(each.code >= 500 for each in error.recipients)
            raise Unsent("the server will not have this address", final=final) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise Unsent(type(error).__name__) from None

    def _letter(self, message: Message) -> EmailMessage:
        mail = EmailMessage(policy=MAIL)
        mail["From"], mail["To"], mail["Subject"] = self._sender, message.to, message.subject
        mail["Message-ID"] = f"<{message.id}@{self._sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        return mail


class Gateway:
    """Short messages to a gateway over HTTP: POST {"id", "to", "text"}; any 2xx means it has it."""

    def __init__(self, url: str) -> None:
        parts = _parts(url, ("http", "https"), "TESSERA_SMS_URL")
        user = (unquote(parts.username or ""), unquote(parts.password or ""))
        self._auth = user if parts.username else None
        place = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
        self._url = parts._replace(netloc=place or "").geturl()

    async def send(self, message: Message) -> None:
        """Hand it over. Errors: Unsent; final if the gateway says that it never will (400, 422)."""
        body = {"id": str(message.id), "to": message.to, "text": message.text}
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                httpx.AsyncClient(timeout=TIMEOUT_S, auth=self._auth, trust_env=False) as client,
                client.stream("POST", self._url, json=body) as said,  # what it says is not read
            ):
                status = said.status_code
        except (httpx.HTTPError, OSError, TimeoutError) as error:
            raise Unsent(type(error).__name__) from None
        if not 200 <= status < 300:
            raise Unsent(f"the gateway said {status}", final=status in (400, 422))


class Sink:
    """A folder where messages wait for whoever tries Tessera out: one file each, its owner's."""

    def __init__(self, place: Path) -> None:
        self.place = place

    async def send(self, message: Message) -> None:
        """Write it down. Errors: Unsent where the folder cannot be made or written to."""
        try:
            await asyncio.to_thread(self._write, message)
        except OSError as error:
            raise Unsent(f"{self.place}: {error.strerror}") from None

    def sweep(self) -> None:
        """Away with messages whose codes are over: nobody's address stays here for long."""
        for old in self.place.glob("*.txt"):
            with contextlib.suppress(OSError):
                if old.stat().st_mtime < time.time() - _KEPT_S:
                    old.unlink()

    def _write(self, message: Message) -> None:
        self.place.mkdir(mode=0o700, exist_ok=True)
        self.sweep()
        text = f"To: {message.to}\nSubject: {message.subject}\n\n{message.text}\n"
        handle = os.open(
            self.place / f"{message.id}.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600
        )
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)


def ways(smtp_url: str, sms_url: str, sender: str, folder: Path) -> dict[str, Way]:
    """{channel: how its messages leave}; a channel without a provider goes to the folder.

    errors  PostgresProblem setting_invalid
    """
    if smtp_url and "@" not in sender:
        raise PostgresProblem(
            "setting_invalid", "TESSERA_MAIL_FROM", "mail is sent, and from nobody",
            "name the address that mail comes from",
        )  # fmt: skip
    return {
        "email": Smtp(smtp_url, sender) if smtp_url else Sink(folder),
        "phone": Gateway(sms_url) if sms_url else Sink(folder),
    }


def _parts(url: str, schemes: tuple[str, ...], name: str) -> SplitResult:
    """The address taken apart. Its text is not told: a password is in it."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine:
        raise PostgresProblem(
            "setting_invalid", name, "this is no address of a provider",
            f"write it as {schemes[0]}://user:password@host:port",
        )  # fmt: skip
    return parts
