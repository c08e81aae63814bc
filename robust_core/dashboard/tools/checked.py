"""The cross-check: our attacks and other libraries' on the same model and pictures, as committed."""

import json

import streamlit as st

from robust_core.paths import RESULTS
from robust_core.words.numbers import share

OVER = ("floor", "foolbox", "torchattacks")
FILES = ("minimum-norm", "attacks", "verification")
FORMATS = {
    "success": st.column_config.NumberColumn("success, %", format="%.1f"),
    "mean": st.column_config.NumberColumn("mean distance", format="%.4f"),
    "passes": st.column_config.NumberColumn("passes a picture", format="%.1f"),
    "ours faster by": st.column_config.NumberColumn("ours faster by", format="%.1f x"),
}


def report(name: str) -> dict:
    """A committed benchmark. Raises ``OSError`` or ``ValueError`` where it cannot be read."""
    return json.loads((RESULTS / f"benchmark-{name}.json").read_text(encoding="utf-8"))


def show() -> None:
    """Two tables and a sentence, each with its conditions."""
    st.markdown("## The same attack, the same pictures: are we as strong?")
    try:
        norm, steps, bounds = map(report, FILES)
    except (OSError, ValueError) as error:
        st.info(f"The committed benchmarks cannot be read: {error}")
        return
    st.markdown(f"**{headline(norm)}**")
    st.dataframe(strength(norm), hide_index=True, column_config=FORMATS)
    st.caption(
        "A peer is as strong where its success is within half a point of ours and its mean distance "
        f"within 2 %. {conditions(norm)} Made by `python benchmarks/minimum_norm.py`."
    )
    st.markdown("## Speed of one-step and many-step attacks")
    st.dataframe(
        speed(steps),
        hide_index=True,
        column_config={name: st.column_config.NumberColumn(format="%.2f") for name in OVER},
    )
    st.caption(
        "Our time divided by that of the bare forward and backward passes (floor), of foolbox and of "
        f"torchattacks, at the same settings; below 1 is faster. {conditions(steps)} Made by "
        f"`{steps['command']}`."
    )
    st.markdown("## Proofs")
    st.markdown(proofs(bounds))


def strength(norm: dict) -> list[dict[str, object]]:
    """A row for each attack, batch and library."""
    return [
        {
            "attack": row["attack"],
            "batch": row["batch"],
            "library": one["name"] + (f" ({one['setting']})" if one["setting"] else ""),
            "pictures": one["pictures"],
            "success": 100 * one["success"],
            "mean": one["mean"],
            "passes": one["forwards"] + one["backwards"],
            "ours faster by": None if one["name"] == "ours" else 1 / one["ours_over"],
            "strength": one["strength"],
        }
        for row in norm["rows"]
        for one in row["contestants"]
    ]


def headline(norm: dict) -> str:
    """In how many comparisons the other library is as strong as ours, weaker or stronger."""
    found = [row["strength"] for row in strength(norm) if row["library"] != "ours"]
    parts = [f"{found.count(word)} {word}" for word in dict.fromkeys(found)]
    return f"{len(found)} comparisons with other libraries; their attack is: {', '.join(parts)}."


def speed(steps: dict) -> list[dict[str, object]]:
    """A row for each attack and batch."""
    return [
        {name: row[name] for name in ("attack", "batch", "rounds")}
        | {name: row["ours_over"].get(name) for name in OVER}
        for row in steps["rows"]
    ]


def proofs(bounds: dict) -> str:
    """How far our bounds are from those of another library."""
    rows = bounds["oracle"]
    furthest = max(max(row["ibp"], row["alone"]) for row in rows)
    n = sum(row["pictures"] for row in rows)
    lost = sum(row["lost"] for row in rows)
    return (
        f"IBP and CROWN alone differ from bound-propagation by at most {furthest:.0e} on {n:,} pictures "
        f"in {len(rows)} settings; {lost} ({share(lost / n, 1)}) are proved only by its bound. "
        f"{conditions(bounds)} Made by `{bounds['command']}`."
    )


def conditions(found: dict) -> str:
    """Model, machine and versions, as the file states them."""
    machine = found["machine"]
    libraries = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    model = f"{found['model']}, " if "model" in found else ""
    return (
        f"{model}{machine['cpu']}, {machine['threads']} of {machine['cores']} cores, {machine['device']}; "
        f"{libraries}."
    )
