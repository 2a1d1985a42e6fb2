"""Codes leave by a real SMTP server and a real gateway, whatever these do."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
import pytest
from aiosmtpd.controller import Controller

from support.database import run
from tessera.access.codes import core, flows, wire
from tessera.access.codes.core import Channel, Message
from tessera.base.ids import new_id
from tessera.base.problem import PostgresProblem
from tessera.doors.incidents import Incidents
from tessera.doors.pools import UPKEEP
from tessera.doors.sending import Sending

FROM = "codes@shop.example"
TO = {"email": "anna@example.org", "phone": "+393331234567"}


class Postman:
    """An SMTP server's behaviour: takes letters, or does what it is told instead."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []
        self.says_to, self.says, self.pause_s, self.drops = "250 OK", "250 OK", 0.0, False

    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        return self.says_to

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(self.pause_s)
        if self.drops:
            server.transport.abort()
            return "421 gone"
        if self.says.startswith("250"):
            self.letters.append(envelope.original_content)
        return self.says


@contextmanager
def post_office(postman: Postman) -> Iterator[str]:
    """The address of a mail server that runs."""
    office = Controller(postman, hostname="127.0.0.1", port=free_port())
    office.start()
    try:
        yield f"smtp://127.0.0.1:{office.port}"
    finally:
        office.stop()


@contextmanager
def gateway(answers: list[int], heard: list[tuple[dict, str]]) -> Iterator[str]:
    """The address of a gateway that answers these, then 200; what it heard is written down."""

    class Heard(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            heard.append((json.loads(body), self.headers.get("authorization", "")))
            self.send_response(answers.pop(0) if answers else 200)
            self.send_header("location", "http://127.0.0.1:1/")
            self.end_headers()
            self.wfile.write(b"<html>" + b"x" * 100_000)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Heard)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://shop:s%40cret@127.0.0.1:{server.server_port}/send"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Desk:
    """A sweeper over a test's database, and the messages that are begun there."""

    def __init__(self, dsn: str, ways: dict[str, wire.Way]) -> None:
        self.dsn, self.incidents = dsn, Incidents()
        self.pool = UPKEEP.pool(dsn)
        self.sending = Sending(self.pool, ways, self.incidents)

    async def __aenter__(self) -> Desk:
        await self.pool.open(wait=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.pool.close()

    async def begin(self, channel: Channel, **more) -> None:
        async with self.pool.connection() as conn:
            said = await flows.begin(
                conn, "sign in", channel, TO[channel], None, datetime.now(UTC), **more
            )
            assert isinstance(said, core.Challenge), said

    def waiting(self) -> int:
        with psycopg.connect(self.dsn) as conn:
            row = conn.execute("SELECT count(*) FROM access.code_outbox").fetchone()
            return row[0] if row else 0

    def hurry(self) -> None:
        """The pause after a failure is over."""
        with psycopg.connect(self.dsn) as conn:
            conn.execute("UPDATE access.code_outbox SET due_at = now() - interval '1 second'")


def ways(folder, smtp: str = "", sms: str = "") -> dict[str, wire.Way]:
    return wire.ways(smtp, sms, FROM, folder)


def test_mail_arrives_once_and_nothing_is_left_of_it(dsn, tmp_path, capsys):
    postman = Postman()

    async def work(url: str) -> None:
        async with Desk(dsn, ways(tmp_path, url)) as desk:
            await desk.begin("email", language="ru")
            await asyncio.gather(desk.sending.turn(), desk.sending.turn())
            await desk.sending.turn()
            assert desk.waiting() == 0

    with post_office(postman) as url:
        run(work(url))
    (raw,) = postman.letters
    letter = message_from_bytes(raw, policy=policy.default)
    assert (letter["from"], letter["to"]) == (FROM, TO["email"])
    assert letter["subject"] == core.text_of("", "ru")[0]
    code = "".join(filter(str.isdigit, letter.get_content()))
    assert len(code) == 6
    logged = "".join(capsys.readouterr())
    assert TO["email"] not in logged and code not in logged


@pytest.mark.parametrize("fault", ["451", "drops", "slow", "down"])
def test_a_mail_server_in_trouble_is_tried_again(dsn, tmp_path, fault, monkeypatch):
    monkeypatch.setattr(wire, "TIMEOUT_S", 0.4)
    postman = Postman()
    postman.says = "451 later" if fault == "451" else "250 OK"
    postman.drops, postman.pause_s = fault == "drops", 1.0 if fault == "slow" else 0.0

    async def work(url: str) -> None:
        down = f"smtp://127.0.0.1:{free_port()}"
        async with Desk(dsn, ways(tmp_path, down if fault == "down" else url)) as desk:
            await desk.begin("email")
            await desk.sending.turn()
            assert desk.waiting() == 1 and "sending_failed" in desk.incidents.now
            await desk.sending.turn()
            assert desk.waiting() == 1, "not before its pause is over"
            postman.says, postman.drops, postman.pause_s = "250 OK", False, 0.0
            desk.hurry()
            healed = Sending(desk.pool, ways(tmp_path, url), desk.incidents)
            await healed.turn()
            assert desk.waiting() == 0 and not desk.incidents.now

    with post_office(postman) as url:
        run(work(url))
    assert len({raw.split(b"Message-ID")[1][:60] for raw in postman.letters}) == 1


def test_an_address_that_a_server_will_not_have_is_given_up(dsn, tmp_path):
    postman = Postman()
    postman.says_to = "550 no such user"

    async def work(url: str) -> None:
        async with Desk(dsn, ways(tmp_path, url)) as desk:
            await desk.begin("email")
            await desk.sending.turn()
            assert desk.waiting() == 0 and not desk.incidents.now

    with post_office(postman) as url:
        run(work(url))
    assert postman.letters == []


@pytest.mark.parametrize("first", [500, 302, 429])
def test_a_gateway_in_trouble_is_tried_again(dsn, tmp_path, first):
    heard: list[tuple[dict, str]] = []

    async def work(url: str) -> None:
        async with Desk(dsn, ways(tmp_path, sms=url)) as desk:
            await desk.begin("phone")
            await desk.sending.turn()
            assert desk.waiting() == 1
            desk.hurry()
            await desk.sending.turn()
            assert desk.waiting() == 0

    with gateway([first], heard) as url:
        run(work(url))
    (one, who), (two, _) = heard
    assert one == two, "the same id, so that a gateway can tell it knows it"
    assert one["to"] == TO["phone"] and set(one) == {"id", "to", "text"}
    assert who == "Basic " + b64encode(b"shop:s@cret").decode()


def test_a_gateway_that_will_never_send_it_is_not_asked_again(dsn, tmp_path):
    heard: list[tuple[dict, str]] = []

    async def work(url: str) -> None:
        async with Desk(dsn, ways(tmp_path, sms=url)) as desk:
            await desk.begin("phone")
            await desk.sending.turn()
            assert desk.waiting() == 0

    with gateway([422], heard) as url:
        run(work(url))
    assert len(heard) == 1


def test_a_dead_provider_does_not_keep_the_other_channel_waiting(dsn, tmp_path):
    heard: list[tuple[dict, str]] = []

    async def work(url: str) -> None:
        down = f"smtp://127.0.0.1:{free_port()}"
        async with Desk(dsn, ways(tmp_path, down, url)) as desk:
            await desk.begin("email")
            await desk.begin("phone")
            await desk.sending.turn()
            assert desk.waiting() == 1

    with gateway([], heard) as url:
        run(work(url))
    assert len(heard) == 1


def test_without_a_provider_a_file_waits_for_its_owner_alone(dsn, tmp_path, capsys):
    async def work() -> None:
        async with Desk(dsn, ways(tmp_path / "outbox")) as desk:
            await desk.begin("phone")
            await desk.begin("email", deliver=False)
            await desk.sending.turn()
            assert desk.waiting() == 0

    run(work())
    (file,) = (tmp_path / "outbox").iterdir()
    text = file.read_text()
    assert TO["phone"] in text and file.stat().st_mode & 0o777 == 0o600
    logged = "".join(capsys.readouterr())
    assert TO["phone"] not in logged
    assert "".join(filter(str.isdigit, text.splitlines()[-1])) not in logged


def test_a_folder_that_cannot_be_made_loses_nothing(dsn, tmp_path):
    async def work() -> None:
        async with Desk(dsn, ways(tmp_path / "none" / "outbox")) as desk:
            await desk.begin("phone")
            await desk.sending.turn()
            assert desk.waiting() == 1

    run(work())


@pytest.mark.parametrize("bad", ["anna@example.org\r\nBcc: eve@example.org", "anna\n@example.org"])
def test_an_address_with_lines_in_it_makes_no_headers(bad, tmp_path):
    postman = Postman()

    async def work(url: str) -> None:
        message = Message(new_id(), "email", bad, "x", "y")
        with pytest.raises(wire.Unsent) as told:
            await wire.Smtp(url, FROM).send(message)
        assert told.value.final

    with post_office(postman) as url:
        run(work(url))
    assert postman.letters == []


@pytest.mark.parametrize(
    ("smtp", "sms", "name"),
    [
        ("mail.example.org", "", "TESSERA_SMTP_URL"),
        ("http://mail.example.org", "", "TESSERA_SMTP_URL"),
        ("", "smtp://x", "TESSERA_SMS_URL"),
        ("", "https://", "TESSERA_SMS_URL"),
        ("", "https://user:canary@h:99999", "TESSERA_SMS_URL"),
    ],
)
def test_a_setting_that_is_no_provider_is_named_and_not_told(smtp, sms, name, tmp_path):
    with pytest.raises(PostgresProblem) as told:
        wire.ways(smtp, sms, FROM, tmp_path)
    assert told.value.field == name and "canary" not in str(told.value)
    with pytest.raises(PostgresProblem):
        wire.ways("smtp://h", "", "nobody", tmp_path)


def test_pauses_grow_and_end_with_the_code():
    pauses = [core.next_try(times) for times in range(1, 9)]
    assert pauses == sorted(pauses) and pauses[-1] <= timedelta(minutes=1)
