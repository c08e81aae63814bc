"""What the page Evaluate shows of its rows: a sentence, the table, the curve, pictures that were fooled."""

from collections.abc import Sequence

import streamlit as st

from robust_core.classifier import Classifier
from robust_core.dashboard import lab, plots
from robust_core.dashboard.choices import pick_one
from robust_core.dashboard.components.strip import FOOLED, Cell, strip
from robust_core.dashboard.evaluate import charts, running
from robust_core.dashboard.evaluate.plan import UNDEFENDED, Row
from robust_core.dashboard.own_data import harmless
from robust_core.data.fitting import to_pixels
from robust_core.engine import Reporter, key_of
from robust_core.evaluation.examples import Example, examples
from robust_core.experiment.defended import Attacker
from robust_core.words.models import title
from robust_core.words.numbers import in_255ths, number, on_both_scales, share

FEW = 6
"""Fooled pictures that are shown."""
WIDTHS = {"attack": 120, "eps": 90, "defence": 150, "attacker": 75, "state": 75}
"""Of columns with words, in pixels."""
WORDS = {None: "-", Attacker.UNAWARE: "unaware", Attacker.AWARE: "aware"}


def headline(rows: Sequence[Row]) -> str:
    """The result in a sentence: clean, and the worst row for the model."""
    there = [row for row in rows if row.value is not None]
    if not there:
        return "Nothing has been measured yet"
    bare = [row for row in there if row.part.defense is None] or there
    clean, _ = bare[0].clean
    worst = min(bare, key=lambda row: row.right[0])
    right, n = worst.right[0], worst.n
    told = f"The model gets {clean * n:.0f} of {n:,} pictures right"
    if not worst.eps:
        return told
    under = f"{worst.part.kind.title} with eps {on_both_scales(worst.eps)}"
    return f"{told}; under {under} it gets {right * n:.0f}"


def defended(rows: Sequence[Row]) -> None:
    """For each defence its worst row by each attacker, in a sentence."""
    told = []
    for behind in dict.fromkeys(row.part.behind for row in rows if row.part.behind):
        own = [row for row in rows if row.value is not None and row.part.behind == behind]
        if not own:
            continue
        worst = [
            f"{min(found) * own[0].n:.0f} against an {attacker} attacker"
            for attacker in Attacker
            if (found := [row.right[0] for row in own if row.part.attacker is attacker])
        ]
        clean = own[0].clean[0] * own[0].n
        under = f"; at worst {' and '.join(worst)}" if worst else ""
        told.append(f"**Behind {behind}** it gets {clean:.0f} right when clean{under}.")
    if told:
        st.markdown("  \n".join(told))


def table(rows: Sequence[Row]) -> None:
    """All rows, those that are not there yet with their state."""
    idle = {"state"} if all(row.value is not None for row in rows) else set()
    idle |= set() if any(row.part.behind for row in rows) else {"defence", "attacker"}
    lines = [{k: v for k, v in _line(row).items() if k not in idle} for row in rows]
    percents = {
        name: st.column_config.NumberColumn(help=words, format="%.1f %%", width=70)
        for name, words in {
            "clean": "Right without an attack, behind the defence, of all pictures.",
            "right": "Right under attack, of all pictures.",
            "fooled": "Of the pictures that were right: those that the attack turned.",
            "flagged": "Of the fooled pictures: those that the adversary detector flags.",
        }.items()
    }
    st.dataframe(
        lines,
        hide_index=True,
        placeholder="",
        height=38 + 35 * min(len(lines), 14),
        column_config=percents
        | {
            "95 %": st.column_config.TextColumn(
                help="Wilson interval of the share that is right, in percent: what other such pictures "
                "may give.",
                width=90,
            ),
            "mean L2": st.column_config.NumberColumn(
                help="Of the change of the fooled pictures.", format="%.3g", width=70
            ),
            **{name: st.column_config.TextColumn(width=w) for name, w in WIDTHS.items()},
            "eps": st.column_config.TextColumn(help="255ths in brackets.", width=WIDTHS["eps"]),
        },
    )


def _line(row: Row) -> dict[str, object]:
    part = row.part
    line: dict[str, object] = {
        "attack": part.kind.title,
        "eps": f"{row.eps:.3g} ({in_255ths(row.eps).removesuffix('/255')})",
        "defence": part.behind or UNDEFENDED,
        "attacker": WORDS[part.attacker],
    }
    if row.value is None:
        return line | {"state": row.state}
    figures = row.figures
    low, high = row.right[1]
    watched = {"flagged": _percent(figures["flagged"])} if "flagged" in figures else {}
    return line | {
        "clean": _percent(row.value["clean_top1"]),
        "right": _percent(figures["top1"]),
        "95 %": f"{100 * low:.1f} to {100 * high:.1f}",
        "fooled": _percent(figures["success_rate"]),
        **watched,
        "mean L2": figures["mean_l2"],
        "state": "done",
    }


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def conditions(rows: Sequence[Row]) -> None:
    """What the figures hold for, and what belongs beside them."""
    there = [row for row in rows if row.value is not None]
    if not there:
        return
    first = there[0]
    setup = first.part.setup
    told = [
        f"{title(setup.model.name)}; the first {first.n:,} pictures of {harmless(setup.source.name)}. "
        "Eps in Linf; for L2 and L1 attacks the root-mean-square and the mean change of a value. "
        "Right counts over all pictures."
    ]
    watched = first.value and first.value.get("detector")
    if watched:
        flagged = share(first.value["clean_flagged"]) if first.value else ""
        told.append(
            f"The detector {watched['name']} flags {flagged} of the clean pictures, at its threshold "
            f"{number(watched['threshold'])}."
        )
    if any(row.value and row.value["fresh_draws"] for row in there):
        told.append("Random defences are judged on fresh draws: their shares are means.")
    st.caption(" ".join(told))
    notices = dict.fromkeys(n for row in there if row.value for n in row.value["notices"])
    flags = dict.fromkeys(
        flag["sentence"]
        for row in there
        if row.value
        for flag in row.value["flags"]
        if flag["raised"]
    )
    for sentence in [*notices, *(f for f in flags if f not in notices)]:
        st.caption(f":material/info: {sentence}")


def curve(rows: Sequence[Row]) -> None:
    """Accuracy against eps."""
    there = [row for row in rows if row.value is not None]
    if not there:
        return
    st.markdown("## Accuracy against eps")
    titles = list(dict.fromkeys(t for row in there if (t := row.part.behind)))
    if len(titles) > 1:
        picked = pick_one("Behind", titles, "evaluate_curve_of", titles[0])
        there = [row for row in there if row.part.behind in ("", picked)]
    alt = "; ".join(f"{running.about(r.part)}, eps {r.eps:.3g}: {share(r.right[0])}" for r in there)
    plots.draw(charts.curves(there), key="evaluate_curve", alt=f"Share that is right. {alt}.")


def fooled(rows: Sequence[Row]) -> None:
    """A few pictures that one row turned."""
    turned = [row for row in rows if row.value is not None and row.figures["flipped"]]
    turned.sort(key=lambda row: -row.figures["flipped"])
    there = {running.about(row.part): row for row in reversed(turned)}
    if not there:
        return
    st.markdown("## Pictures that were fooled")
    names = list(reversed(there))
    picked = names[0]
    if len(names) > 1:
        picked = st.selectbox("By", names, key="_evaluate_fooled", width=420)
    found = _examples(there[picked])
    if found is None:
        return
    part = there[picked].part
    classes = part.setup.model.class_names
    cells = []
    for each in found:
        was = Cell(to_pixels(each.clean)[0], classes[each.label], "clean, right", "right")
        now = Cell(to_pixels(each.adversarial)[0], classes[each.answer], "adversarial", FOOLED)
        cells += [was, now]
    st.html(strip(cells, side=96, pairs=True))
    st.caption(
        f"The first {len(found)} of those that were right. Made by {running.about(part)}; each clean "
        "one stands "
        "before its adversarial one."
    )


def _examples(row: Row) -> list[Example] | None:
    part = row.part
    chosen = list(row.found.wrong) if row.found else []

    def work(progress: Reporter) -> list[Example]:
        pictures = part.setup.pictures

        def on(model: Classifier) -> list[Example]:
            shown = part.defense(model) if part.defense else model
            return examples(
                shown,
                part.made[0],
                (pictures.images[chosen], pictures.labels[chosen]),
                FEW,
                adaptive=part.attacker is Attacker.AWARE,
                on_step=lambda: progress(0),
            )

        return lab.with_model(part.setup.model.name, on, progress)

    doing = "Making the pictures that were fooled again"
    return lab.compute(key_of(examples=part.key), work, channel="evaluate examples", doing=doing)
