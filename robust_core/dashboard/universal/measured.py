"""What was measured on whole test sets, in tabs; only for networks with committed figures."""

from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from robust_core import data, zoo
from robust_core.dashboard import opened, plots
from robust_core.dashboard.universal import charts
from robust_core.evaluation.universal import results
from robust_core.evaluation.universal.results import Row
from robust_core.words.numbers import in_255ths, percent, share

PLACES = "By place"


def show(model: str, patch: bool) -> None:
    """A tab for each part that has figures for the model: of a ``patch``, or of a change of all pixels."""
    every = {title: part for title, part in _parts(model, patch).items() if part[0]}
    parts = opened.shown(every)
    if not parts:
        return
    st.markdown("## What was measured on the test set")
    for tab, (name, (rows, draw)) in zip(
        opened.tabs(parts, f"universal_{model}_{patch}"), parts.items(), strict=True
    ):
        if tab.open:
            with tab:
                draw(rows)
                st.caption(conditions(rows, name == PLACES))


def _parts(model: str, patch: bool) -> dict[str, tuple[list[Row], Callable[[list[Row]], None]]]:
    def of(*parts: str) -> list[Row]:
        return [row for part in parts for row in results.rows(part) if row["fitted_to"] == model]

    if patch:
        return {
            "Test set": (of("patches"), _show_stickers),
            "By area": (of("patches"), _show_areas),
            PLACES: ([row for row in of("patches") if row.get("heat")], _show_heat),
        }
    return {
        "Test set": (of("fooling", "photographs"), _show_rates),
        "Eps": (of("eps"), _show_eps),
        "Pictures fitted to": (of("sizes"), _show_sizes),
        "Other networks": (of("transfer"), _show_transfer),
    }


def _show_rates(rows: list[Row]) -> None:
    classes = zoo.describe(rows[0]["model"]).class_names
    st.dataframe(
        [
            {
                "Attack": charts.name_of(row["attack"]),
                "Eps": in_255ths(row["eps"]),
                "Seed": row["seed"],
                "Fooled": percent(row["rate"]),
                "Right": percent(row["correct"] / row["n"]),
                "Right when clean": percent(row["clean_correct"] / row["n"]),
                "Called most often": ", ".join(
                    f"{classes[label]} {percent(count / max(1, row['fooled']))}"
                    for label, count in row["dominant"][:2]
                ),
            }
            for row in rows
        ],
        hide_index=True,
    )
    st.caption("Fooled: the answer has changed. Called most often: of the fooled ones.")


def _show_stickers(rows: list[Row]) -> None:
    classes = zoo.describe(rows[0]["model"]).class_names
    st.dataframe(
        [
            {
                "On the picture": charts.sticker_name(row),
                "Covers": share(row["area"]),
                f"Makes it say {classes[row['target']]}": share(row["rate"]),
                "Without it": share(row["before"] / row["n"]),
            }
            for row in rows
        ],
        hide_index=True,
    )
    st.caption(
        "The controls have the sticker's size: random colours, and a real object of the class."
    )


def _draw(figure: go.Figure, key: str, alt: str) -> None:
    plots.draw(figure, key=f"universal_{key}", alt=alt)


def _rates(rows: list[Row], across: Callable[[Row], str]) -> str:
    return "; ".join(
        f"{charts.name_of(row['attack'])}, {across(row)}: {percent(row['rate'])}" for row in rows
    )


def _show_eps(rows: list[Row]) -> None:
    figure = charts.against(rows, charts.eps_of, "eps in Linf")
    _draw(figure, "eps", f"Share fooled. {_rates(rows, charts.eps_of)}.")


def _show_sizes(rows: list[Row]) -> None:
    def across(row: Row) -> str:
        return f"{row['n_fit']:,}"

    figure = charts.against(rows, across, "training pictures fitted to")
    _draw(figure, "sizes", f"Share fooled. {_rates(rows, across)}.")


def _show_transfer(rows: list[Row]) -> None:
    told = _rates(rows, lambda row: row["model"])
    _draw(charts.transfer(rows), "transfer", f"Share fooled of each network. {told}.")


def _show_areas(rows: list[Row]) -> None:
    told = "; ".join(
        f"{charts.sticker_name(row)} at {at['area']:.0%} {percent(at['rate'])}"
        for row in rows
        for at in row["curve"]
    )
    _draw(charts.areas(rows), "areas", f"Share that reaches the class: {told}.")


def _show_heat(rows: list[Row]) -> None:
    worst = min(min(line) for line in rows[0]["heat"])
    best = max(max(line) for line in rows[0]["heat"])
    _draw(
        charts.heat(rows[0]),
        "heat",
        f"Success by place: from {percent(worst)} to {percent(best)}.",
    )
    st.caption(
        "By the position of its centre; even at the edge the sticker lies entirely on the picture."
    )


def conditions(rows: list[Row], placed: bool = False) -> str:
    """Model, data, number of pictures, and the command; ``placed``: of the figures by place."""
    first = rows[0]
    record = data.get(first["data"])
    counts = sorted({row["n"] for row in rows})
    places = "random places and angles on "
    if placed:  # at each of the places drawn, not turned
        counts, places = [first["heat_pictures"]], ""
    n = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    what = f"{n} test pictures of {record.title}"
    if first["target"] is not None:
        classes = zoo.describe(first["model"]).class_names
        what = f"{n} {places}test pictures of {record.title} that are not of the class "
        what += classes[first["target"]]
    fitted = sorted({row["n_fit"] for row in rows})
    to = f"{fitted[0]:,}" if len(fitted) == 1 else f"{fitted[0]:,} to {fitted[-1]:,}"
    eps = {row["eps"] for row in rows if row["eps"] is not None}
    radius = f", eps {in_255ths(eps.pop())} in Linf" if len(eps) == 1 else ""
    return (
        f"Fitted to {to} training pictures for {first['fitted_to']}{radius}; {what}. "
        f"Made by: `{results.COMMAND} --part {first['part']}`."
    )
