"""What many tests stand on: one PostgreSQL server, and a fresh database for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

from support import database
from tessera.base import installation

# A machine that has other work is slow: that makes no law wrong.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if settings.get_current_profile_name() == "default":
    settings.load_profile("busy")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long`: the fault runs at their full size (make faults)."""
    parser.addoption("--long", action="store_true", help="fault runs at their full size")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: one that begins last would keep one processor alone."""
    slow = {each.path for each in items if each.get_closest_marker("slow")}
    items.sort(key=lambda each: each.path not in slow)


@pytest.fixture(scope="session", autouse=True)
def installation_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key of the one installation of all tests of this process; nothing is left behind."""
    place = tmp_path_factory.mktemp("installation") / "installation.key"
    installation.settle(place)
    return place


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dsn of a server: TESSERA_TEST_DATABASE_URL, else an embedded one in a temporary place."""
    with database.server(tmp_path_factory.mktemp("pg")) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def template(server: str) -> Iterator[str]:
    """The name of a migrated, empty database that others are copied from."""
    name = f"tessera_template_{uuid4().hex[:12]}"
    database.make(server, name)
    database.migrate(database.at(server, name))
    yield name
    database.drop(server, name)


@pytest.fixture
def dsn(server: str, template: str) -> Iterator[str]:
    """A migrated, empty database of the test's own."""
    name = f"tessera_test_{uuid4().hex[:12]}"
    database.make(server, name, template)
    yield database.at(server, name)
    database.drop(server, name)
