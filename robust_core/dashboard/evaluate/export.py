"""The downloads of the page Evaluate, and how its figures are repeated."""

import streamlit as st

from robust_core import data, files, zoo
from robust_core.dashboard import settings
from robust_core.dashboard.archive import versions, weights_of
from robust_core.dashboard.components import numbers
from robust_core.dashboard.evaluate.pictures import SET
from robust_core.dashboard.evaluate.plan import UNDEFENDED, Row, commands
from robust_core.experiment.defended import Attacker

PYTHON = """{imports}
from robust_core.data.datasets import load_test_set
from robust_core.evaluation import accuracy

model = {model}
images, labels = load_test_set({data!r}, model, {n}, on_unreadable=print)
value = accuracy.evaluate({behind}, {attack!r}, images, labels, eps_list={eps}{more})
for row in value["rows"]:
    print(row["eps"], row["top1"])"""

MANY, TALL = 6, 320
"""Commands from which on they scroll, and how many pixels they then take."""


def csv(rows: list[Row]) -> bytes:
    """One line for each row with figures, in full precision; shares in [0, 1]."""
    lines = []
    for row in rows:
        if row.value is None:
            continue
        part, figures = row.part, row.figures
        (clean, (clean_low, clean_high)), (right, (low, high)) = row.clean, row.right
        lines.append(
            {
                "model": part.setup.model.name,
                "data": part.setup.source.name,
                "n": row.n,
                "attack": part.kind.name,
                "norm": part.kind.norm,
                "eps": row.eps,
                "radius": part.radii[row.place],
                "defence": part.defense.name if part.defense else UNDEFENDED,
                "attacker": part.attacker or "",
                "clean": clean,
                "clean_low": clean_low,
                "clean_high": clean_high,
                "right": right,
                "right_low": low,
                "right_high": high,
                "fooled": figures["success_rate"],
                "flagged": figures.get("flagged"),
                **{k: figures[k] for k in ("mean_l2", "mean_linf", "mean_queries", "seconds")},
            }
        )
    return numbers.csv(lines, {})


def described(rows: list[Row]) -> dict:
    """All that is known: for each command the object that it prints with --json, and the intervals."""
    there = [row for row in rows if row.value is not None]
    made = commands(list(dict.fromkeys(row.part for row in rows)))
    results: dict[tuple, dict] = {}
    for row in there:
        part, value = row.part, dict(row.value or {})
        own = results.setdefault(
            part.line,
            {
                "command": made[part.line],
                "model": str(part.setup.model.name),
                "attack": part.kind.name,
                "data": part.setup.source.name,
                "defense": part.defense
                and {"name": part.defense.name, "parameters": part.defense.parameters},
                "adaptive": part.attacker is Attacker.AWARE,
                **value,
                "clean_top1_wilson": list(row.clean[1]),
                "rows": [],
            },
        )
        own["rows"].append(row.figures | {"top1_wilson": list(row.right[1])})
    setup = rows[0].part.setup
    return {
        "results": list(results.values()),
        "left_out": list(setup.pictures.left_out),
        "weights_sha256": weights_of([str(setup.model.name), *filter(None, [setup.detector])]),
        "versions": versions(),
    }


def python_of(row: Row) -> str:
    """A script that prints the figures of a row's command."""
    part = row.part
    setup = part.setup
    imports, model = ["from robust_core import zoo"], f"zoo.load({str(setup.model.name)!r})"
    if zoo.guest(setup.model.name):
        imports = ["from robust_core.zoo import own"]
        model = 'own.load("YOUR_MODEL.onnx", ...)  # see docs/own-models.md'
    behind, more = "model", ""
    changed = {k: v for k, v in part.parameters.items() if v is not None}
    if changed:
        more += f", parameters={changed}"
    if part.defense:
        imports.append("from robust_core import defenses")
        behind = f"defenses.create({part.defense.name!r}, **{part.defense.parameters})(model)"
        more += ", adaptive=True" if part.attacker is Attacker.AWARE else ""
    return PYTHON.format(
        imports="\n".join(sorted(imports)),
        model=model,
        data=setup.source.name,
        n=setup.asked,
        behind=behind,
        attack=part.kind.name,
        eps=list(part.radii),
        more=more,
    )


def show(rows: list[Row]) -> None:
    """Commands, a script, the link, and two downloads once there are figures."""
    setup = rows[0].part.setup
    st.markdown("## Repeat it")
    st.markdown("The same figures on the command line, a command for each attack and attacker:")
    lines = commands(list(dict.fromkeys(row.part for row in rows)))
    height = TALL if len(lines) > MANY else None
    st.code("\n".join(lines.values()), language=None, wrap_lines=True, height=height)
    with st.expander("In Python: the first of them"):
        st.code(python_of(rows[0]), language="python")
    st.markdown("This page, with these settings:")
    st.code(settings.link(), language=None, wrap_lines=True)
    if zoo.guest(setup.model.name):
        st.caption("The link restores the settings, not your model: that must be given again.")
    if setup.source.kind != SET:
        st.caption("The link restores the settings, not your pictures: those must be given again.")
    elif data.get(setup.source.name).archives:
        st.caption(
            f"The pictures come with: python -m robust_core data download {setup.source.name}"
        )
    if all(row.value is None for row in rows):
        return
    with st.container(horizontal=True):
        for label, made, name, kind in (
            ("Download the table (CSV)", lambda: csv(rows), "evaluation.csv", "text/csv"),
            (
                "Download everything (JSON)",
                lambda: files.json_text(described(rows)),
                "evaluation.json",
                "application/json",
            ),
        ):
            st.download_button(
                label,
                made,
                file_name=name,
                mime=kind,
                icon=":material/download:",
                on_click="ignore",
            )
