"""Phones that an older release wrote down are spelled as they are dialled now."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from support import database
from tessera.members import core
from tessera.warehouse.core import Identifier

WRITTEN = {
    "+4402079460018": "+442079460018",
    "+78916123456": "+78916123456",  # too short for a prefix: left alone
    "+789161234567": "+79161234567",
    "+39021234567": "+39021234567",
    "+393331234567": "+393331234567",
    "+4402079460019": "+4402079460019",  # somebody has the other spelling already
    "+442079460019": "+442079460019",
    "+99902": "+99902",
}


@pytest.fixture
def before(server: str) -> Iterator[str]:
    name = f"tessera_phones_{uuid4().hex[:12]}"
    database.make(server, name)
    dsn = database.at(server, name)
    database.migrate(dsn, "pre_0012")
    yield dsn
    database.drop(server, name)


def test_a_phone_is_found_after_the_migration_as_it_is_dialled(before):
    with psycopg.connect(before) as conn:
        for value in WRITTEN:
            member = uuid4()
            conn.execute(
                "INSERT INTO members.member (id, account_id, seen_at) VALUES (%s, %s, now())",
                (member, member),
            )
            conn.execute(
                "INSERT INTO members.identifier (kind, value, member_id, since)"
                " VALUES ('phone', %s, %s, now())",
                (value, member),
            )
    database.migrate(before, "pre_0013")
    with psycopg.connect(before) as conn:
        rows = conn.execute("SELECT value FROM members.identifier").fetchall()
    assert {value for (value,) in rows} == set(WRITTEN.values())
    for old in ("+44 (0)20 7946 0018", "+44 20 7946 0018"):
        assert core.normal("phone", old) == Identifier("phone", "+442079460018")
