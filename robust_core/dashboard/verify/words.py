"""What the page Verify says."""

from robust_core.experiment.sandwich import RESTARTS, SECONDS, STEPS, Exact, Sandwich
from robust_core.experiment.verified import (
    DEEPFOOL,
    HALVINGS,
    MOST_UNSTABLE,
    PER_CLASS,
    PGD,
    Line,
)
from robust_core.experiment.verified import SECONDS as TRIED
from robust_core.papers import BASTANI, GOWAL_IBP, KATZ, RUAN, TJENG, XU_FAST, ZHANG_CROWN
from robust_core.verification.checks import CROWN, IBP, MILP, OPTIMISED
from robust_core.verification.record import BROKEN, PROVED
from robust_core.words import citations

TITLES = {
    IBP: "IBP",
    CROWN: "CROWN",
    OPTIMISED: "Optimised CROWN",
    MILP: "MILP",
    PGD: "PGD",
    PER_CLASS: "PGD, each class",
    DEEPFOOL: "DeepFool",
}
IDEA = (
    "An attack that fails proves nothing: the next one may succeed. A **bound** covers every picture "
    "within "
    "eps at once. Where the least margin of the true class stays above 0, no attack can exist. "
    "Between what "
    "is proved and what is broken, nobody knows; stronger methods close the gap."
)


def headline(line: Line, label: str) -> str:
    """Where the zones end."""
    if not line.right:
        return f"Wrong when clean: this network does not say {label}, so there is nothing to prove."
    low, high = line.low, line.high
    digits = 3 if high >= 0.01 else 4
    proved = f"Proved up to eps {low:.{digits}f}" if low else "Nothing is proved"
    if high >= line.end:
        return f"{proved}; not broken below {line.end:g}."
    if line.closed:
        return f"Proved up to eps {low:.4f}, broken from {high:.4f}: the gap is closed."
    return f"{proved}, broken from {high:.{digits}f}. Between them nobody knows."


def under_the_line(line: Line) -> str:
    """What the line cannot show."""
    told = []
    if line.nearest < line.end:
        told.append(
            f"LP ({citations.markdown(BASTANI)}): the nearest adversarial point of the picture's own "
            "linear "
            f"region is at {line.nearest:.4f}. That is an upper bound on the robust radius, and "
            "proves nothing."
        )
    elif line.searched:
        told.append(
            f"LP ({citations.markdown(BASTANI)}): the picture's own linear region holds no "
            "adversarial point "
            f"nearer than {line.end:g}. That proves nothing: other regions may."
        )
    if not line.roomy:
        told.append("LP and integer programs of this network would need more than 1 GB of memory.")
    elif line.dear and line.gap:
        told.append(
            f"Integer programs cannot help: where the gap begins, at {line.low:.4f}, "
            f"{line.unstable:,} ReLUs are undecided, and each may double their work. They are offered "
            f"for up to {MOST_UNSTABLE}."
        )
    if line.undecided:
        radii = ", ".join(dict.fromkeys(f"{eps:.4f}" for eps in line.undecided))
        told.append(f"MILP could not decide within {TRIED:g} seconds at {radii}.")
    return " ".join(told)


def cost_of_bounds(neurons: int, seconds: float) -> str:
    """What the bounds of a large network may take."""
    return (
        f"This network has {neurons:,} ReLUs. Bounds at one radius may take up to about "
        f"{seconds:,.0f} s, and some ten radii are tried. It can be stopped at any time."
    )


def cost_of_programs(line: Line) -> str:
    """What closing the gap may take."""
    return (
        f"{line.unstable:,} ReLUs are undecided where the gap begins. At most {HALVINGS[MILP]} radii "
        f"are tried, {TRIED:g} s of programs each: up to {HALVINGS[MILP] * TRIED:.0f} s."
    )


def at_eps(found: Sandwich, exact: Exact | None) -> str:
    """The headline of the sandwich."""
    where = f"At eps {found.eps:g}"
    if exact is not None and exact.status == BROKEN and found.pgd.margin > 0:
        return f"{where} untargeted PGD finds nothing. The solver does: {example(exact)}."
    if exact is not None and exact.status == BROKEN:
        return f"{where} it is broken: {example(exact)}."
    certified = max(min(found.lower[m][k].item() for k in found.rivals) for m in found.lower)
    if certified > 0 or (exact is not None and exact.status == PROVED):
        return f"{where} it is proved: no picture within eps gets another class."
    if min(found.reached[k].item() for k in found.rivals) <= 0 or found.pgd.margin <= 0:
        return f"{where} an attack breaks it."
    return f"{where} nobody knows: not proved, not broken."


def example(exact: Exact) -> str:
    """What the counterexample is called."""
    assert exact.counterexample is not None
    return f"a picture that it calls {exact.counterexample.answer}"


def sandwich_legend(found: Sandwich) -> str:
    """How the bars are read."""
    least = min(found.lower[IBP][k].item() for k in found.rivals)
    most = max(found.lower[IBP][k].item() for k in found.rivals)
    others = len(found.classes) - 1
    each = (
        f"A bar for each of the {len(found.rivals)} nearest of {others:,} other classes"
        if others > len(found.rivals)
        else "A bar for each other class"
    )
    return (
        f"{each}: on the left the best certified bound of the margin, on the "
        "right what an "
        "attack towards that class reached. The true minimum lies in between. A bar that ends to the left "
        f"of 0 is broken, one that begins to its right is proved. IBP's bounds here: {least:.1f} to "
        f"{most:.1f}; those outside the chart are not drawn."
    )


def solver(exact: Exact) -> str:
    """What the programs did, class by class."""
    count, branches = len(exact.solved), sum(one.nodes for one in exact.solved)
    known = exact.least == exact.least
    told = [
        f"{count} integer program{'' if count == 1 else 's'}, "
        f"{branches:,} branch{'' if branches == 1 else 'es'}, {exact.seconds:.1f} s."
    ]
    if known:
        told.append(
            f"The least margin within eps is {exact.least:.3f}, exactly: by their bounds the other "
            "classes are not nearer."
        )
        shown = exact.counterexample
        if shown is not None and shown.margin > exact.least + 1e-3:
            told.append(f"The picture shown is the first that broke it, at {shown.margin:.3f}.")
    else:
        told.append(f"Not all were solved within {SECONDS:g} seconds; their bounds are proofs.")
    return " ".join(told)


def pgd(found: Sandwich) -> str:
    """What PGD did at the same radius, and whether it needed to be pointed at the right class."""
    told = f"PGD, {RESTARTS} starts of {STEPS} steps, margin loss: margin {found.pgd.margin:+.3f}."
    if found.pgd.margin > 0 and min(found.reached[k].item() for k in found.rivals) <= 0:
        told += " Sent towards each class in turn, PGD finds one too: the bars below 0."
    return told


LAYERS = (
    "What each ReLU reads, over all pictures within eps at once, its neurons in the order of their "
    "value at the "
    "picture. A band that crosses 0 leaves the ReLU **undecided**: on for some pictures, off for "
    "others. Decided "
    "ReLUs are affine, and cost nothing. Each undecided one may double the work of an exact method."
)
STORY = f"""
**Exact, one case at a time.** A network of ReLUs is affine wherever each ReLU is decided. Reluplex
({citations.markdown(KATZ)}) extends the simplex method to ReLUs, and splits into cases only where it
must; it proved properties of the ACAS Xu networks, 300 ReLUs each. The problem is NP-complete: with n
undecided ReLUs there are up to 2^n cases. MILP ({citations.markdown(TJENG)}) leaves the splitting to a
solver.

**Nearest in one region.** {citations.markdown(BASTANI)} ask for the *pointwise robustness*, the
distance of the nearest adversarial point, and search only the linear region of the picture: a linear
program, quick, and an **upper** bound. Over a set they give the *adversarial frequency*, the share of
radii below eps, and the *severity*, the mean of those.

**All regions, loosely.** IBP ({citations.markdown(GOWAL_IBP)}) sends intervals through the layers;
CROWN ({citations.markdown(ZHANG_CROWN)}) lines above and below each ReLU; optimised CROWN
({citations.markdown(XU_FAST)}) tilts the lower lines until the bound is best. Each is a proof, and
cheap; what they cannot prove may still be true. Trained with IBP's bounds, a network becomes easy to
prove.

**What a proof does not say.** It is about this picture, this network and this ball: changes of each
pixel by at most eps. It says nothing about rotations, other pictures, or whether the class is right to
begin with. Margins are reduced for rounding, so that the proof holds for the network as it runs.

Tutorials: [*Towards robust deep learning models: verification, falsification, and rectification*, IJCAI
2021](https://tutorial-ijcai.trustai.uk), whose notes are {citations.markdown(RUAN)}; the same subject
at ICDM 2020.
"""
