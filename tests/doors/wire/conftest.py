"""What the tests of the short way stand on: a shop, a site with it and one without, a line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from doors.wire.wire_line import Line, Site, greeted, noted, serving, shop_of_known_keys
from support.api import Api
from tessera.doors.protocol import Short


@pytest.fixture(scope="module")
def api(server: str, template: str) -> Iterator[Api]:
    """A shop whose keys are known all the time."""
    with shop_of_known_keys(server, template) as shop:
        yield shop


@pytest.fixture(scope="module")
def site(api: Api) -> Iterator[Site]:
    """Its site."""
    with greeted(api) as site:
        yield site


@pytest.fixture(scope="module")
def plain(api: Api) -> Iterator[Site]:
    """The same without the short way."""
    with serving(api.dsn, "httptools") as site:
        yield site


@pytest.fixture
def line(site: Site) -> Iterator[Line]:
    """A connection to the site."""
    with Line(site.port) as line:
        yield line


@pytest.fixture
def shorts(monkeypatch: pytest.MonkeyPatch) -> list[Short]:
    """The requests of this test that take the short way."""
    return noted(monkeypatch)
