"""Deck 002's experiment on the report: protocol, tables beside the deck's, figures, explanations."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from robust_core import data, imaging, zoo
from robust_core.dashboard import opened, plots
from robust_core.dashboard.choices import choose_one
from robust_core.dashboard.robustness_report import deck_002_charts as charts
from robust_core.evaluation.deck_002 import protocol, results
from robust_core.evaluation.deck_002.comparison import TITLES, Line, explained, lines, too_short
from robust_core.evaluation.deck_002.results import Measured
from robust_core.words.numbers import number, share

NAME = protocol.NAME
TITLE = "Deck 002: ImageNet"
SPACES = {protocol.NORMALISED: "normalised", protocol.PIXELS: "pixels in [0, 1]"}
MEANT = (
    "The deck does not say what its eps is measured in. In units of a channel's standard deviation 0.1 is "
    "5.8/255 and 0.6 is 35/255; of the range of a pixel they are 25.5/255 and 153/255, which destroys "
    "the picture. So the first is more likely."
)
THUMBNAIL = 128


def show() -> None:
    """The whole section: a model, a scale of eps, and tabs of which only the open one is drawn."""
    names = results.models() or [protocol.MODEL]
    left, right = st.columns(2, gap="medium")
    with left:
        model = choose_one("Measured on", {name: name for name in names}, "deck002_model", names[0])
    with right:
        space = choose_one(
            "Eps in units of", SPACES, "deck002_space", protocol.NORMALISED, help=MEANT
        )
    try:
        found = results.measured(model)
    except ValueError as error:
        st.info(str(error))
        _show_printed()
        return
    st.markdown(f"## {_headline(found, space)}")
    there = {title: partial(draw, found, space) for title, draw in TABS.items()}
    opened.draw_open(there, "deck002_tabs")
    weights = "" if found.model in zoo.bundled() else f" Weights: {found.weights}."
    st.caption(
        f"{found.model}, {found.n} pictures of {found.data}, all of them right before an attack; "
        f"{protocol.SOURCE} had VGG11 and 150 pictures of 30 classes.{weights} Made by: `{found.command}`"
    )


def _show_printed() -> None:
    """The deck's own tables, while there are no figures beside them."""
    st.markdown(f"**{protocol.SOURCE}, tables 1 and 2** :small[right in per cent]")
    st.table(
        [
            {
                "eps": f"{one.eps:g}",
                "attack": TITLES[one.attack],
                "steps": str(one.steps or ""),
                "top-1": f"{one.top1:g}",
                "top-5": f"{one.top5:g}",
            }
            for one in protocol.TABLES
        ]
    )


def _headline(found: Measured, space: str) -> str:
    eps = protocol.EPS[0]
    fgsm = found.row(space, eps, protocol.FGSM, 1)
    long = found.row(space, eps, protocol.PGD, max(protocol.STEPS[protocol.PGD]), "eps/4")
    if long.top1 <= fgsm.top1 and too_short(found, space, eps):
        return "PGD is weaker than FGSM only where its steps are too short"
    left = [share(row.top1 / found.n) for row in (fgsm, long)]
    return f"At eps {eps:g}, FGSM leaves {left[0]} right and PGD {left[1]}"


def show_tables(found: Measured, space: str) -> None:
    """Tables 1 and 2 side by side with ours, and why PGD looks weak there."""
    for number_, eps in enumerate(protocol.EPS, 1):
        st.markdown(f"**Table {number_}: eps {eps:g}** :small[right in per cent, top-1 / top-5]")
        st.table([_cells(line, found.n) for line in lines(found, space, eps)])
        st.caption(explained(found, space, eps))
    st.caption(
        "The deck gives no step size, so we tried four. Its figures are k of 150, cut after the first "
        "decimal. FGSM takes one step of eps, whatever the step size."
    )


def _cells(line: Line, n: int) -> dict[str, str]:
    deck = f"{line.printed.top1:g} / {line.printed.top5:g}" if line.printed else ""
    cells = {"attack": line.title, "steps": str(line.steps or ""), "deck": deck}
    for step in protocol.STEP_SIZES:
        row = line.ours.get(step)
        own = f"{100 * row.top1 / n:.1f} / {100 * row.top5 / n:.1f}" if row else ""
        cells[f"ours, {step}"] = "100 / 100" if line.attack is None else own
    return cells


def show_steps(found: Measured, space: str) -> None:
    """PGD against its number of steps, for each step size."""
    left, right = st.columns(2)
    with left:
        eps = choose_one("Eps", {e: f"{e:g}" for e in protocol.EPS}, "deck002_eps", protocol.EPS[0])
    with right:
        what = choose_one("Right", {"top1": "top-1", "top5": "among five"}, "deck002_top", "top1")
    plots.draw(
        charts.steps_chart(found, space, eps, what),
        key=f"deck002_steps_{space}_{eps}_{what}",
        alt="What PGD leaves right against its steps, for four step sizes, and FGSM.",
    )
    st.caption(
        f"{explained(found, space, eps)} PGD starts at a random point of the ball and stays in it; what "
        "its steps add up to decides how far it can go. A PGD that loses to FGSM says nothing about PGD."
    )


def show_targeted(found: Measured, space: str) -> None:
    """Figure 6."""
    plots.draw(
        charts.targeted_chart(found, space),
        key=f"deck002_targeted_{space}",
        alt="The label among the first five against eps, for targeted FGSM and BIM.",
    )
    st.caption(
        "Figure 6: each picture is pushed towards one random class. The values of the deck's own figure "
        "are not in its text; what is expected is a BIM that falls with eps and an FGSM that falls to a "
        "level and stays there. "
        f"BIM takes {protocol.FIGURE_STEPS} steps of {protocol.FIGURE_STEP_SIZE} here."
    )


def show_carlini(found: Measured, _: str) -> None:
    """Table 3, with the two readings of its second row."""
    row, n = found.carlini, found.n
    deck = protocol.CARLINI
    gone, kept = share(1 - row.top5 / n), share(row.top5 / n)
    st.markdown("**Table 3: Carlini-Wagner in L2, towards a random class**")
    st.table(
        [
            {
                "": "the target is the answer, among the first five",
                "deck": " / ".join(f"{x:g} %" for x in deck["target"]),
                "ours": f"{share(row.target1 / n)} / {share(row.target5 / n)}",
            },
            {
                "": "the label is no longer the answer, among the first five",
                "deck": " / ".join(f"{x:g} %" for x in deck["accuracy"]),
                "ours": f"{share(1 - row.top1 / n)} / {gone}",
            },
        ]
    )
    st.caption(
        'The deck calls its second row "Accuracy" and explains it as misclassified pictures: 51.73 % may '
        f"be the label gone from the first five, or still there, which here are {gone} and {kept}. It is "
        "not k of 150, so the deck had several targets for each picture; here there is one. Mean L2 "
        f"{number(row.mean_l2)}, median {number(row.median_l2)}, of pixels in [0, 1]; "
        f"{row.parameters['search_steps']} searches of {row.parameters['steps']} steps. There is no eps."
    )


def show_protocol(found: Measured, _: str) -> None:
    """The protocol card, and the pictures where this computer has them."""
    classes = zoo.describe(found.model).class_names
    st.markdown(
        f"- **Model**: {found.model}; the deck had VGG11.\n"
        f"- **Pictures**: {found.n} of {len(found.pictures)} classes, all of which the model gets right: "
        f"the first of each class, of {found.asked} that it was asked about. The deck: 150 of 30 classes.\n"
        f"- **Untargeted**: FGSM, BIM and PGD (random start, seed 0) at eps "
        f"{' and '.join(f'{eps:g}' for eps in protocol.EPS)}, steps "
        f"{', '.join(map(str, protocol.STEPS[protocol.PGD]))} (BIM up to "
        f"{max(protocol.STEPS[protocol.BIM])}) of {', '.join(protocol.STEP_SIZES)}.\n"
        "- **Targeted**: FGSM, BIM and Carlini-Wagner towards one random class for each picture, seed 0.\n"
        "- **Counted**: pictures whose label is the answer (top-1) or among the first five (top-5)."
    )
    if not _show_grid(found, classes):
        names = ", ".join(f"{classes[c]} {len(own)}" for c, own in found.pictures.items())
        st.caption(f"Classes and pictures of each: {names}.")


def _show_grid(found: Measured, classes: tuple[str, ...]) -> bool:
    """The first picture of each class; False where this computer does not have the data."""
    if found.data not in data.names() or not data.get(found.data).available():
        return False
    record = data.get(found.data)
    shown = [
        (
            classes[c],
            imaging.data_url(imaging.enlarge(record.test_picture(int(own[0]))[0], THUMBNAIL)),
        )
        for c, own in found.pictures.items()
    ]
    with st.container(horizontal=True, gap="small", key="deck002_grid"):
        for name, picture in shown:
            st.image(
                picture, caption=name, width=THUMBNAIL, alt=f"A picture of the sample: {name}."
            )
    return True


TABS: dict[str, Callable[[Measured, str], None]] = {
    "Tables 1 and 2": show_tables,
    "Step size and steps": show_steps,
    "Figure 6": show_targeted,
    "Table 3": show_carlini,
    "Protocol": show_protocol,
}
