"""The sentences of the part "Signs in a street"."""

from collections.abc import Mapping, Sequence

from robust_core.dashboard.physical.sign_controls import PUT, Found, Wish
from robust_core.data import signs
from robust_core.evaluation.physical import plan
from robust_core.experiment.road_signs import CLEAN, POSTER, RANDOM, Look, Place
from robust_core.papers import EYKHOLT
from robust_core.words import citations
from robust_core.words.numbers import percent, share
from robust_core.words.verdict import quoted

WHAT = (
    "The network sees only what a car's camera cuts out of the street. RP2 "
    f"({citations.markdown(EYKHOLT)}) makes one poster that works from many places: move the camera."
)
IN_A_SENTENCE = {"bars": "the two bars", "stickers": "the stickers", "poster": "the poster"}
TITLES = {CLEAN: "As it is", RANDOM: "Random colours there"}
JUDGED = (
    f"Simulated, in front of {plan.PLACES} backdrops each. It was made for none of these places: those "
    "were random, 5 to 40 feet away and up to 35° to the side, cut out roughly, in front of other "
    "backdrops. A view counts only where the network recognises the clean sign."
)
GRID_KEY = (
    "In a cell: views taken for the target, of those in which the clean sign is recognised. A dash: none "
    "is, so nothing is counted there. It was not made for places beyond 40 feet or 35°."
)
MINIMUM = (
    r"\min_\delta\ \lambda\,\lVert M_x\cdot\delta\rVert_p + \mathrm{NPS} + "
    r"\mathbb{E}_{x_i\sim X^V} J\big(f_\theta(x_i + T_i(M_x\cdot\delta)),\, y^*\big)"
)
MADE = (
    r"$M_x$ is the area that may change, $T_i$ takes the change to place i as the sign itself, NPS asks "
    r"for colours that a printer has, $y^*$ is the target. Stickers: a first stage with $p = 1$ finds "
    "their area."
)


def title(what: str, wish: Wish) -> str:
    """Above a cut-out."""
    if what == POSTER:
        return f"With {IN_A_SENTENCE[wish.put]}"
    return TITLES[what]


def told(look: Look, classes: Sequence[str]) -> str:
    return f"{quoted(classes[look.said])} {percent(look.shares[look.said])}"


def headline(wish: Wish, seen: Mapping[str, Look], classes: Sequence[str]) -> str:
    """What the network says."""
    before = told(seen[CLEAN], classes)
    if wish.asked is None:
        return f"The network says {before}."
    with_it = f"With {IN_A_SENTENCE[wish.put]} the network"
    after = told(seen[POSTER], classes)
    if seen[CLEAN].said == seen[POSTER].said:
        return f"{with_it} still says {after}."
    return f"{with_it} says {after}; without: {before}."


def counting(wish: Wish, seen: Mapping[str, Look]) -> str:
    """Whether this place counts, and what it counts as."""
    sign = signs.get(wish.sign)
    if seen[CLEAN].said != sign.gtsrb:
        return (
            "**This place does not count**: from here the network does not recognise the clean drawing of "
            f"{quoted(sign.title)}."
        )
    if wish.asked is None:
        return (
            f"It recognises the clean drawing of {quoted(sign.title)} from here: this place counts."
        )
    target = signs.get(wish.asked.plan.target)
    hit = "" if seen[POSTER].said == target.gtsrb else "not "
    return (
        "This place counts: the clean drawing is recognised; the target, "
        f"{quoted(target.title)}, is {hit}reached."
    )


def where(wish: Wish) -> str:
    """The place of the camera."""
    metres = 0.3048 * wish.pose.distance
    side = f"{abs(wish.pose.angle):g}° aside" if wish.pose.angle else "straight ahead"
    title = signs.get(wish.sign).title
    return f"{title[:1].upper()}{title[1:]}, {wish.pose.distance:g} feet ({metres:.1f} m) away, {side}."


def source(wish: Wish, found: Found) -> str:
    """What is on the sign and how it was made."""
    if wish.asked is None:
        return "Drawn by this project."
    colours = " In the nearest printable colours." if wish.printed else ""
    if found.bundled is not None:
        entry = found.bundled.entry
        return (
            f"{PUT[wish.put]} by RP2, made beforehand on {entry['model']}: "
            f"{entry['parameters']['steps']} steps, for {entry['places']} random places "
            f"(`{entry['command']}`).{colours}"
        )
    asked = wish.asked
    by = f"{PUT[wish.put]} by RP2"
    places = f"for {asked.places} random places"
    if (part := found.stopped) is not None:
        done = f"{part.step:,} of {part.steps:,} steps"
        return f"{by} on {plan.SIGN_MODEL}, unfinished: {done}, {places}.{colours}"
    fooled = share(found.poster.fooled, 0)
    return (
        f"{by}, made here on {plan.SIGN_MODEL}: {asked.steps} steps, {places}, of which {fooled} were "
        f"fooled.{colours}"
    )


def counted(places: Sequence[Place]) -> str:
    """Over all places."""
    right = sum(place.right for place in places)
    views = sum(place.views for place in places)
    if not right:
        return f"The clean sign is recognised in none of {views} views, so nothing counts."
    fooled, random = (sum(getattr(place, k) for place in places) for k in ("fooled", "random"))
    uncounted = "" if right == views else f" {views - right} of {views} views do not count."
    return (
        f"**{fooled} of {right} views** ({share(fooled / right, 0)}) are taken for the target; with random "
        f"colours in the same area {random}.{uncounted}"
    )


def at(place: Place) -> str:
    """``10 feet, 30°``."""
    return f"{place.pose.distance:g} feet, {place.pose.angle:g}°"


def of_place(place: Place, classes: Sequence[str]) -> str:
    """The answer on the first view, and how many views are taken for the target."""
    before, after = place.first
    if not place.right:
        return f"does not count: the clean sign is taken for {quoted(classes[before])}"
    said = f"{quoted(classes[after])} {percent(place.confidence)}"
    return f"{said}; {place.fooled} of {place.right} views fooled"
