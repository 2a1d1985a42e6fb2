"""Which settings of a server could lose an answered commit; each is refused by name."""

from __future__ import annotations

from collections import namedtuple

import pytest

from tessera.base.postgres import refuse_unsafe

SAFE = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "server_version_num": "180006",
}

Case = namedtuple("Case", "field value code")


@pytest.mark.parametrize(
    "case",
    [
        Case("fsync", "off", "unsafe_durability"),
        Case("full_page_writes", "off", "unsafe_durability"),
        Case("synchronous_commit", "off", "unsafe_durability"),
        Case("synchronous_commit", "local", "unsafe_durability"),
        Case("server_version_num", "150009", "server_too_old"),
        Case("server_version_num", "eighteen", "server_too_old"),
    ],
    ids=str,
)
def test_each_unsafe_setting_is_refused_by_name(case: Case) -> None:
    problem = refuse_unsafe(SAFE | {case.field: case.value})
    assert problem is not None
    assert (problem.code, problem.field) == (case.code, case.field)
    assert case.value in problem.why
    assert problem.cure


@pytest.mark.parametrize("name", SAFE)
def test_an_unknown_setting_is_refused(name: str) -> None:
    problem = refuse_unsafe({key: value for key, value in SAFE.items() if key != name})
    assert problem is not None
    assert problem.field == name


@pytest.mark.parametrize("value", ["on", "remote_write", "remote_apply"])
def test_safe_settings_pass(value: str) -> None:
    assert refuse_unsafe(SAFE | {"synchronous_commit": value}) is None
