"""Draw with Altair and vl-convert. Only the worker's process loads this."""

from __future__ import annotations

import json
from typing import Any

import altair as alt
import vl_convert

from tessera.doors.charts.chart import Drawing

# Colours that nobody would choose: `cleaning` puts the page's own in their place.
SERIES = ("#0a0b01", "#0a0b02", "#0a0b03", "#0a0b04")
LINE, MUTE = "#0a0b05", "#0a0b06"
PALE = (1, 0.25, 0.6, 0.1)
# The reader's letters may be wider than those that are measured here.
PADDING = {"left": 10, "right": 14, "top": 4, "bottom": 2}
DASHES: tuple[list[int], ...] = ([1, 0], [6, 4], [2, 3], [8, 3, 2, 3])


def svg(drawing: Drawing) -> str:
    """The picture of a drawing."""
    layers = _lines(drawing) if drawing.mark == "lines" else [_bars(drawing)]
    chart = alt.layer(*layers).properties(width=drawing.width, height=drawing.height)
    chart = chart.configure(background="transparent", padding=PADDING).configure_view(stroke=None)
    chart = chart.configure_axis(
        labelColor=MUTE, labelFontSize=12, tickColor=LINE, domainColor=LINE, gridColor=LINE,
        title=None, labelLimit=130,
    )  # fmt: skip
    return str(vl_convert.vegalite_to_svg(chart.to_dict()))


def _rows(drawing: Drawing) -> alt.InlineData:
    return alt.InlineData(
        values=[
            {"at": place, "value": value, "series": number}
            for number, series in enumerate(drawing.series)
            for place, value in enumerate(series)
        ]
    )


def _called(values: list[int], names: list[str]) -> str:
    """An expression of Vega: each of these values by its name. Nothing in a name is code."""
    return f"{json.dumps(names)}[indexof({json.dumps(values)}, datum.value)]"


def _value_axis(drawing: Drawing) -> tuple[alt.Axis, alt.Scale]:
    at = [value for value, _ in drawing.ticks]
    names = [name for _, name in drawing.ticks]
    axis = alt.Axis(
        values=at, labelExpr=_called(at, names), grid=True, ticks=False, domain=False,
        labelPadding=6,
    )  # fmt: skip
    return axis, alt.Scale(domain=list(drawing.ends), nice=False)


def _place_axis(drawing: Drawing) -> alt.Axis:
    names = [drawing.labels[place] for place in drawing.places]
    return alt.Axis(
        values=list(drawing.places), labelExpr=_called(list(drawing.places), names),
        grid=False, labelAngle=0, labelPadding=6, labelFlush=drawing.mark == "lines", ticks=False,
        labelOverlap=False,
    )  # fmt: skip


def _lines(drawing: Drawing) -> list[Any]:
    """The first series is drawn last: it lies on top."""
    axis, scale = _value_axis(drawing)
    ends = alt.Scale(domain=[0, max(len(drawing.labels) - 1, 1)], nice=False)
    made = []
    for number in reversed(range(len(drawing.series))):
        made.append(
            alt.Chart(_rows(drawing))
            .transform_filter(f"datum.series === {number}")
            .mark_line(
                strokeWidth=2, color=SERIES[number], strokeDash=DASHES[number],
                strokeJoin="round", point=_point(drawing, number),
            )
            .encode(
                x=alt.X("at:Q", axis=_place_axis(drawing), scale=ends),
                y=alt.Y("value:Q", axis=axis, scale=scale),
            )
        )  # fmt: skip
    return made


def _point(drawing: Drawing, number: int) -> Any:
    """A single value has no line."""
    return {"color": SERIES[number], "size": 40} if len(drawing.labels) < 2 else False


def _bars(drawing: Drawing) -> Any:
    axis, scale = _value_axis(drawing)
    count = len(drawing.series)
    colours = alt.Scale(domain=list(range(count)), range=list(SERIES[:count]))
    across: Any = alt.Y if drawing.lying else alt.X
    along: Any = alt.X if drawing.lying else alt.Y
    names = ("y", "x", "yOffset") if drawing.lying else ("x", "y", "xOffset")
    offset: Any = alt.YOffset if drawing.lying else alt.XOffset
    channels: dict[str, Any] = {
        names[0]: across(
            "at:O", sort=None, axis=_place_axis(drawing), scale=alt.Scale(paddingInner=0.25)
        ),
        names[1]: along("value:Q", axis=axis, scale=scale, stack=drawing.stacked or None),
        "fill": alt.Fill("series:O", legend=None, scale=colours),
    }
    if count > 1:  # what is coloured is paler and outlined too: never colour alone
        pale = alt.Scale(domain=list(range(count)), range=list(PALE[:count]))
        channels["fillOpacity"] = alt.FillOpacity("series:O", legend=None, scale=pale)
        channels["stroke"] = alt.Stroke("series:O", legend=None, scale=colours)
    if count > 1 and not drawing.stacked:
        channels[names[2]] = offset("series:O")
    return alt.Chart(_rows(drawing)).mark_bar(strokeWidth=1).encode(**channels)
