"""The part "Are they plausible?": digital against physical, in our figures beside the published ones."""

import streamlit as st

from robust_core.data import signs as road_signs
from robust_core.evaluation.physical import results
from robust_core.evaluation.physical.plan import DESTRUCTION, PLACES, ROTATION, SIGN_MODEL, SIGNS
from robust_core.evaluation.physical.published import RP2, RP2_SOURCE
from robust_core.evaluation.physical.results import Report, sign_rate
from robust_core.words.numbers import in_255ths, share

LIMITS = (
    "**What this does not show.** These are simulations: no printer, no lens, no rain, and a network that "
    "sees one frame of 32 pixels, while a car sees many frames and has a map. The attacker had the "
    "weights. And anyone who can put a sticker on a sign can also cover the sign. So a physical attack is "
    "possible, and costs more than the digital one; whether it is the cheapest way to do harm is another "
    "question."
)


def draw() -> None:
    """The argument in three steps, the table of the signs, and what it does not show."""
    report = results.report()
    st.markdown("## Are such attacks plausible outside the computer?")
    if report.lacking:
        st.info(report.lacking)
        return
    for sentence in filter(None, (photographed(report), turned(report), stuck(report))):
        st.markdown(sentence)
    if report.signs:
        st.markdown("### Stickers on signs, from the deck's five places and from a finer grid")
        st.dataframe(signs(report), hide_index=True)
        st.caption(conditions(report))
    st.markdown(LIMITS)


def photographed(report: Report) -> str:
    """What a photograph does to a change of all pixels."""
    told = []
    for model in report.models(DESTRUCTION):
        eps = max(row.eps for row in report.destruction if row.model == model)
        fast, least = (
            report.destroyed(model, attack, eps, "photo").top1
            for attack in ("fgsm", "least-likely")
        )
        told.append(
            f"{share(fast['rate'])} of FGSM's attacks (over {fast['counted']} pictures that it fools) and "
            f"{share(least['rate'])} of the least likely class's ({least['counted']}) on {model} at eps "
            f"{in_255ths(eps)}"
        )
    if not told:
        return ""
    return (
        f"**A change of all pixels, photographed.** A simulated photograph destroys {'; '.join(told)}. The "
        "rest survive, so a print can be enough; but blur alone makes clean pictures wrong, too, and the "
        "attacker cannot be sure."
    )


def turned(report: Report) -> str:
    """What an attack made for many views keeps."""
    fresh = {(r.model, r.attack): r for r in report.rotation if r.angle is None}
    told = [
        f"on {model} PGD reaches its target in {share(fresh[model, 'pgd'].target)}, EOT in "
        f"{share(fresh[model, 'eot'].target)} of {fresh[model, 'pgd'].draws} fresh rotations of each of "
        f"{fresh[model, 'pgd'].n} pictures"
        for model in report.models(ROTATION)
        if (model, "pgd") in fresh and (model, "eot") in fresh
    ]
    if not told:
        return ""
    return (
        f"**Made for many views.** At equal eps, {'; '.join(told)}. "
        "An attacker who plans for the camera keeps the attack."
    )


def stuck(report: Report) -> str:
    """What stickers on the thing itself do."""
    if not report.signs:
        return ""
    ours = [sign_rate(report.signs, poster, deck=False) for poster in RP2]
    right, fooled = sum(one.right for one in ours), sum(one.fooled for one in ours)
    printed, noise = sum(one.printed for one in ours), sum(one.random for one in ours)
    return (
        f"**Stickers on the thing itself.** {SIGN_MODEL} takes {fooled} of {right} views of our signs for "
        f"the attacker's target, {printed} in printable colours, and {noise} with stickers of random "
        "colours. Views in which it does not recognise the clean sign were not counted."
    )


def signs(report: Report) -> list[dict[str, str]]:
    """A row for each poster: published, then ours."""
    rows = []
    for key, published in RP2.items():
        deck, grid = (sign_rate(report.signs, key, deck=only) for only in (True, False))
        if not grid.rows:
            continue
        first = grid.rows[0]
        rows.append(
            {
                "Poster": published.title,
                "Published, 15 views": f"{published.success:g} %",
                "Ours, simulated, the same places": f"{deck.fooled} of {deck.right}",
                "Finer grid": f"{grid.fooled} of {grid.right}",
                "As printed": f"{grid.printed} of {grid.right}",
                "Random stickers": f"{grid.random} of {grid.right}",
                "Sign": road_signs.get(first.sign).title,
                "Taken for": road_signs.get(first.target).title,
                "Covers": share(first.covered, 0),
            }
        )
    return rows


def conditions(report: Report) -> str:
    """Of whom the figures are, and how to make them again."""
    return (
        f"Published: {RP2_SOURCE}. Ours: {SIGN_MODEL}, signs drawn by this project in front of {PLACES} "
        "backdrops at each place; the poster was made for none of the test places. As printed: in "
        "printable colours. Other signs, another network: compare the order, not the size. Made by: "
        f"`{report.command} --part {SIGNS}`."
    )
