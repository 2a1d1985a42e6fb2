"""The gallery's one page. It needs nobody signed in and asks nothing of the database."""

from __future__ import annotations

from datetime import date, timedelta

from tessera.base.refusal import Refusal
from tessera.doors.charts.chart import Chart, Figure, Spec, told
from tessera.doors.language.local import Local
from tessera.doors.language.words import N_
from tessera.doors.web.page import Page, See, Shown, View
from tessera.doors.web.visit import Visit

_PATH = "/console/_gallery"
_DAYS, _FIRST = 14, date(2026, 5, 1)


async def show(visit: Visit) -> Shown:
    """Every component in every state."""
    local = visit.local
    chart = sample(local, local.gettext("Points spent, test and control"))
    bare = sample(local, local.gettext("The same, where no picture could be made"))
    return View(
        "gallery/gallery.html",
        {
            "drawn": await visit.house.drawer.figure(chart, local),
            "undrawn": Figure(bare, told(bare, local), None, None),
            "money": local.money(4128000, "EUR"),
            "members": local.count(182400),
            "rows": [
                (local.day(visit.now), local.count(7143), local.money(310900, "EUR")),
                (local.day(visit.now), local.count(12480), local.money(84250, "EUR")),
            ],
            "moment": local.moment(visit.now),
            "at": visit.now.isoformat(timespec="minutes"),
        },
    )


def sample(local: Local, title: str) -> Chart:
    """A chart with two series, always the same."""
    tell = local.gettext
    rows = tuple(
        (_FIRST + timedelta(days=n), 330 + 9 * n + 37 * (n % 5), 195 + 4 * n + 21 * (n % 4))
        for n in range(_DAYS)
    )
    return Chart(
        "sample", title,
        tell("The test group spends twice as much as the control group."),
        (tell("Day"), tell("Test group"), tell("Control group")), rows, Spec(mark="lines"),
    )  # fmt: skip


async def save(visit: Visit) -> Shown:
    """The form of the gallery keeps nothing: it shows what follows a yes and a no."""
    if visit.form.get("name"):
        return See(_PATH, N_("Saved."))
    return Refusal(
        "name_missing", "name", visit.local.gettext("A name is needed."),
        visit.local.gettext("Write how people call it."),
    )  # fmt: skip


PAGES = (
    Page(
        name="gallery.all", path=_PATH, show=show, acts={"save": save}, open=True,
        title=N_("Gallery"),
        purpose=N_("Every component that pages are built with, in every state."),
    ),
)  # fmt: skip
