"""What Lighthouse says of the pages: the budgets of the cabinet and of the console."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from support import browser as browsing
from support import console
from support.home import PROGRAM, at_home, fresh_card

pytestmark = pytest.mark.faults_long
ASKED = "--only-categories=performance,accessibility,best-practices"
QUIET = "--headless --no-first-run --disable-background-networking --disable-component-update"
CABINET = {"performance": 98, "accessibility": 100, "best-practices": 100}
CONSOLE = {"performance": 95, "accessibility": 100, "best-practices": 100}
MEMBERS = ["/m", "/m/history", "/m/card", "/m/offers", "/m/me"]
STAFF = ["/console", "/console/members", "/console/rules", "/console/points"]


def scores(url: str, cookie: str, *more: str) -> dict[str, int]:
    """{category: per cent}, of a page as somebody who is signed in sees it."""
    if not browsing.CHROMIUM:
        pytest.skip("no Chromium on this machine: make browser")
    tool = browsing.from_npm("lighthouse", "lighthouse/cli/index.js")
    command = [
        "node", str(tool), url, "--quiet", "--output=json", ASKED, *more,
        f"--chrome-flags={' '.join([QUIET, *browsing.FLAGS])}",
        f"--extra-headers={json.dumps({'Cookie': cookie})}",
    ]  # fmt: skip
    env = os.environ | {"CHROME_PATH": browsing.CHROMIUM}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr[-1000:]
    told = json.loads(done.stdout)
    assert told["finalDisplayedUrl"] == url, "somebody who is not signed in sees another page"
    return {name: round(100 * each["score"]) for name, each in told["categories"].items()}


def short_of(found: dict[str, int], budget: dict[str, int]) -> dict[str, int]:
    """What misses its budget."""
    return {name: found[name] for name, least in budget.items() if found[name] < least}


def test_the_console_keeps_its_budget(server, template):
    with console.at_localhost(server, template) as site:
        cookie = f"tessera_console={console.somebody(site).token}"
        found = {path: scores(site.url + path, cookie, "--preset=desktop") for path in STAFF}
    assert {path: short for path, each in found.items() if (short := short_of(each, CONSOLE))} == {}


def test_the_cabinet_keeps_its_budget_on_a_phone(server, template, tmp_path):
    with at_home(server, template, tmp_path) as web:
        web.api.publish(PROGRAM)
        joined = web.afresh().joined(card=fresh_card(web.api))
        cookie = f"tessera_m={joined['token']}"
        found = {path: scores(web.api.url + path, cookie) for path in MEMBERS}
    assert {path: short for path, each in found.items() if (short := short_of(each, CABINET))} == {}
