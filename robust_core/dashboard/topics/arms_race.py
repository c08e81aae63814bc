"""The arms race: each defence, and what broke it, read from the classes; and the table of Athalye et al."""

from html import escape

import streamlit as st

from robust_core import defenses, zoo
from robust_core.dashboard import plots
from robust_core.dashboard.topics import figures
from robust_core.evaluation.defense_table import results
from robust_core.evaluation.defense_table.results import Report
from robust_core.words import citations
from robust_core.words.numbers import share

CSS = """<style>
.race { display: grid; grid-template-columns: 1fr 1fr; gap: 0.5rem 1.75rem; font-size: 0.875rem; }
.race h3 { grid-column: 1 / -1; margin: 0; padding: 0.7rem 0 0; font-size: 0.95rem; }
.race > div { position: relative; padding-left: 0.7rem; border-left: 3px solid #009E73; }
.race > div.broken { border-left: 3px dashed #D55E00; }
.race > div.broken::before {
  content: "\\2192"; position: absolute; left: -1.5rem; top: 50%; transform: translateY(-50%);
}
.race a { color: inherit; }
.race small { display: block; opacity: 0.8; }
@media (max-width: 640px) {
  .race { grid-template-columns: 1fr; }
  .race > div.broken { margin: 0 0 0.5rem 1.5rem; }
}
</style>"""
DIALOGUE = "Attacker: “You will not get data like this right, will you?” Defender: “Got it.”"
SEMINAR = (
    "Cho, Adversarial attacks and defenses in deep learning, Open DMQA seminar, 2020; translated from "
    "Korean. Green: the defence. Dashed: what broke it."
)
WANTED = (
    "An adversarial example is original data plus a perturbation; at the least it should reduce "
    "confidence. Three defences leave the model's architecture and speed nearly unchanged:"
)
IN_SHORT = (
    ("Adversarial training", "original data and adversarial data", "pgd-at"),
    (
        "Defensive distillation",
        "the original model's answers as labels of a second one",
        "distilled temperature=100",
    ),
    ("Detector", "the original model and a network that flags adversarial pictures", None),
)
"""The three defences with which that seminar ends: their ingredients, and their subject in the table."""
MADRY_ROBUST = (
    "Of nine defences published at ICLR 2018, only adversarial training with PGD was found to raise "
    "robustness substantially within its own threat model."
)
PUBLISHED = (
    ("thermometer encoding", "Buckman et al.*", 0, "CIFAR-10, Linf 0.031"),
    ("local intrinsic dimensionality", "Ma et al.", 5, "CIFAR-10, Linf 0.031"),
    ("input transformations", "Guo et al.*", 0, "ImageNet, L2 0.005 a value"),
    ("stochastic activation pruning", "Dhillon et al.", 0, "CIFAR-10, Linf 0.031"),
    ("random resizing and padding", "Xie et al.*", 0, "ImageNet, Linf 0.031"),
    ("PixelDefend", "Song et al.*", 9, "CIFAR-10, Linf 0.031"),
    ("Defense-GAN", "Samangouei et al.**", 55, "MNIST, L2 0.005 a value"),
    ("PGD training", "Madry et al.", 47, "CIFAR-10, Linf 0.031"),
    ("cascade training", "Na et al.", 15, "CIFAR-10, Linf 0.015"),
)
"""Athalye, Carlini, Wagner (2018), table 1: idea, authors, accuracy in percent, data and distance."""
NOTES = (
    "Published, not measured here: Athalye, Carlini, Wagner, 2018, table 1. Hover for data and distance. "
    "\\* The authors also combine it with adversarial training; this is the defence alone. \\*\\* Hatched: "
    "in principle its accuracy is 0 %; in practice imperfections of the defence make the attack fail. "
    "L2 a value is the root of the mean square; for Guo et al. the table prints 0.005, the authors' code "
    "allows 0.05."
)


def show_arms_race(model_name: str) -> None:
    """The dialogue, a row for each defence by kind, three of them in short, and the published table."""
    st.markdown(f"*{DIALOGUE}*")
    st.caption(SEMINAR)
    st.html(CSS + race(model_name))
    st.markdown("### In short")
    st.markdown(WANTED)
    table, made = in_short(results.report())
    st.markdown(table)
    st.caption(made)
    st.markdown("### Nine defences of 2018, attacked adaptively")
    st.markdown(MADRY_ROBUST)
    plots.draw(
        figures.published_bars(PUBLISHED),
        key="published_bars",
        alt="Accuracy under attack: "
        + ", ".join(f"{authors} {accuracy} %" for _, authors, accuracy, _ in PUBLISHED),
    )
    st.caption(NOTES)


def in_short(report: Report) -> tuple[str, str]:
    """Three defences with their measured accuracy, as Markdown; and the conditions."""
    lines = ["| defence | made of | clean | attacked |"]
    lines.append("|---|---|--:|--:|")
    told = []
    for title, idea, subject in IN_SHORT:
        clean = report.accuracy(subject) if subject else None
        robust = report.strongest(subject) if subject else None
        shares = [share(row.accuracy.value) if row else "" for row in (clean, robust)]
        if subject is None:
            shares = ["the model's own", "page Detectors"]
        elif robust:
            told.append(robust.circumstances)
        lines.append(f"| **{title}** | {idea} | {' | '.join(shares)} |")
    runs = " or ".join(dict.fromkeys(told))
    made = (
        f"Accuracy on {report.data}, {report.model}: {runs}. Measured by: `{report.command}`"
        if told
        else ""
    )
    made += _whole_sets(report)
    return "\n".join(lines), made


def _whole_sets(report: Report) -> str:
    """Clean accuracy on the whole test set, where the table has fewer pictures: other pages show that."""
    try:
        index = zoo.index()
    except zoo.ZooError:
        return ""
    told: list[str] = []
    counts: set[str] = set()
    for title, _, subject in IN_SHORT:
        row = report.accuracy(subject) if subject else None
        entry = index.get(row.model, {}) if row else {}
        if row and entry.get("n_test", 0) > row.n:
            told.append(f"{title} {share(entry['accuracy'])} of {entry['n_test']:,}")
            counts.add(f"{row.n:,}")
    if not told:
        return ""
    return (
        f" Clean is over the first {' or '.join(sorted(counts))} test pictures; on the whole test set: "
        f"{', '.join(told)}."
    )


def race(model_name: str) -> str:
    """Every registered defence with its idea, what broke it, and both papers, as HTML."""
    parts = []
    for kind in defenses.KINDS:
        parts.append(f"<h3>{escape(kind.capitalize())}</h3>")
        for name in defenses.names():
            defense = defenses.get(name)
            if defense.kind != kind:
                continue
            absent = defense().refusal(model_name)
            note = f"<small>Not available for {escape(model_name)}.</small>" if absent else ""
            parts += [
                f"<div><b>{escape(defense.title)}</b>: {escape(defense.summary)} "
                f"{citations.html(defense.paper)}{note}</div>",
                f"<div class=broken>{escape(defense.broken_by)} {citations.html(defense.breaker)}</div>",
            ]
    return f"<div class=race>{''.join(parts)}</div>"
