"""Parts of a row of the page Compare defences: a cell, the clean picture, the explanation, the votes."""

import numpy as np
import streamlit as st
from torch import Tensor

from robust_core import imaging, zoo
from robust_core.attacks import Attack
from robust_core.dashboard import plots
from robust_core.dashboard.compare_defenses import votes
from robust_core.dashboard.controls import radius
from robust_core.dashboard.detector_choice import badge
from robust_core.dashboard.fields import TITLES
from robust_core.dashboard.request import Request
from robust_core.dashboard.result import BADGES
from robust_core.data.fitting import to_pixels
from robust_core.defenses import Defense
from robust_core.defenses.noisy import Noisy
from robust_core.defenses.trained import TrainedDefense
from robust_core.distances import length_name, of_equal_changes
from robust_core.experiment.defended import Attacker, DefenseOutcome, DefenseTrial
from robust_core.experiment.defended_look import Look
from robust_core.experiment.perform import Experiment
from robust_core.papers import MADRY
from robust_core.words import citations
from robust_core.words.chance import in_draws
from robust_core.words.detectors import steps_of
from robust_core.words.numbers import fine_duration, in_255ths, on_both_scales, share
from robust_core.words.verdict import MEANS, Verdict, said, verdict

SIDE = 96
"""Pictures in a cell are enlarged to at most this many pixels a side, by a whole factor."""
HEADINGS = {
    Attacker.UNAWARE: "Unaware attacker",
    Attacker.AWARE: "Aware attacker (adaptive attack)",
}
KNOWS = {Attacker.UNAWARE: "unaware attacker", Attacker.AWARE: "aware attacker"}
LOOKS = {
    DefenseOutcome.RECOVERED: ("green", ":material/shield:", "recovered"),
    DefenseOutcome.FOOLED: ("red", ":material/warning:", "fooled"),
    DefenseOutcome.LESS_SURE: ("red", ":material/trending_down:", "fooled"),
    DefenseOutcome.MISSED: ("orange", ":material/help:", "neither"),
    DefenseOutcome.ABSTAINED: ("gray", ":material/balance:", "neither"),
    DefenseOutcome.WRONG: ("gray", ":material/help:", "neither"),
}
"""Colour and icon of the badge, and the style sheet's name for the mark beside the cell."""
HELD = "Held"
TOO_CLOSE = ":material/balance: Votes too close for a guaranteed answer: it abstains"
WEAKER = ":material/trending_down: Weaker than the unaware attack: this is no credit to the defence"


def picture(pixels: np.ndarray, alt: str) -> None:
    """uint8 ``[H, W, C]``, enlarged exactly."""
    st.image(imaging.data_url(imaging.enlarge(pixels, SIDE)), alt=alt)


def show_undefended(experiment: Experiment, request: Request) -> None:
    """The attack on the undefended model: the same result as on the page Attack."""
    outcome = verdict(experiment)
    colour, icon = BADGES[outcome]
    mark = "recovered" if outcome is Verdict.HELD else "neither"
    if outcome in (Verdict.FOOLED, Verdict.LESS_SURE):
        colour = "red"
        mark = "fooled"
    with _cell(f"{mark}_undefended", Attacker.UNAWARE):
        shown = experiment.pixels()[1].numpy()
        picture(shown, f"The adversarial picture: {experiment.after[0].label}.")
        with st.container(gap=None):
            seen = experiment.detection
            st.markdown(
                f":{colour}-badge[{icon} {outcome.value}]" + (f" {badge(seen)}" if seen else "")
            )
            st.markdown(said(experiment.after[0]))
            facts = [*_facts(request.attack, request, experiment), *experiment.notices]
            st.caption("  \n".join(facts))


def show_cell(
    trial: DefenseTrial, run: Attack, request: Request, fooled: bool, weaker: bool = False
) -> None:
    """The result of one attacker.

    ``fooled``: whether the attack fools the undefended model; ``weaker``: whether the unaware attacker
    did better.
    """
    outcome = trial.outcome
    colour, icon, mark = LOOKS[outcome]
    held = outcome is DefenseOutcome.RECOVERED and not fooled
    word = HELD if held else outcome.value
    with _cell(f"{mark}_{trial.defense}", trial.attacker):
        picture(
            to_pixels(trial.after.seen)[0],  # values outside [0, 1] are clipped as a screen does
            f"The adversarial picture as {trial.defense} sees it: {trial.after.guesses[0].label}.",
        )
        with st.container(gap=None):
            told = f":{colour}-badge[{icon} {word}]"
            st.markdown(f"{told} {badge(trial.detection)}" if trial.detection else told)
            st.markdown(said(trial.after.guesses[0]))
            facts = _facts(run, request, trial)
            facts[:0] = filter(None, [_otherwise(run, request.attack)])
            facts += [in_draws(trial.chance)] if trial.chance else []
            facts += [TOO_CLOSE] if trial.after.abstains else []
            facts += [WEAKER] if weaker else []
            facts += trial.notices
            st.caption("  \n".join(facts))


def _cell(name: str, attacker: Attacker):
    """A place for picture and words, with a mark whose colour and dashes show the outcome."""
    place = st.container(key=f"cell_{name}_{attacker}", gap="xxsmall")
    with place:
        with st.container(key=f"who_{name}_{attacker}"):
            st.caption(HEADINGS[attacker])
        return st.container(horizontal=True, vertical_alignment="center", gap="small")


def _facts(run: Attack, request: Request, result: Experiment | DefenseTrial) -> list[str]:
    """How far the picture was moved, and whether there was a gradient to follow."""
    far = result.judged if isinstance(result, Experiment) else result
    each = getattr(far, length_name(run.norm)) / of_equal_changes(
        run.norm, _picture_of(result).numel()
    )
    size = f"{in_255ths(each)} {MEANS.get(run.norm, '')}".rstrip()
    allowed = f" of {in_255ths(request.shown_eps)}" if run.has_eps else ", no eps"
    told = [f"Change {size}{allowed}"]
    zero = result.zero_gradients
    n = result.gradients
    if zero:
        told.append(f":material/visibility_off: {zero} of {n} gradients were exactly zero")
    return told


def _picture_of(result: Experiment | DefenseTrial) -> Tensor:
    return result.clean if isinstance(result, Experiment) else result.before.picture


def _otherwise(run: Attack, attack: Attack) -> str:
    """How the attack was run, where that differs from the choice."""
    if type(run) is not type(attack):
        return f"Run as {run.title}"
    loss = run.parameters.get("loss")
    return f"Run with {TITLES['loss'].get(str(loss), loss)}" if run != attack else ""


def show_look(look: Look, undefended: Look | None, label: int | None) -> None:
    """The defence's answer on the clean picture, and its cost."""
    answer = look.guesses[0]
    wrong = label is not None and answer.index != label
    mark = ":gray-badge[:material/help: Wrong] " if wrong else ""
    beside = look.undefended_seconds
    times = cost(look.seconds) + (f" ({cost(beside)} undefended)" if beside else "")
    lines = [f"{mark}Clean: {said(answer)}. {times}", price(look, undefended)]
    lines += [TOO_CLOSE] if look.abstains else []
    st.caption("  \n".join(filter(None, lines)))


def price(look: Look, undefended: Look | None) -> str:
    """What another network behind the defence costs in clean accuracy; empty for the same network.

    Also empty for votes under noise: their network's recorded accuracy is the one without noise.
    """
    if undefended is None or look.certificate is not None or look.network == undefended.network:
        return ""
    ours, theirs = look.provenance, undefended.provenance
    if ours is None or theirs is None or ours.accuracy is None or theirs.accuracy is None:
        return ""
    bare = share(theirs.accuracy)
    count = ours.details.get("n_test")  # the whole set: tables on fewer pictures differ a little
    of = f"{count:,} {ours.data}" if count else ours.data
    return f"Clean accuracy {share(ours.accuracy)} on {of} test pictures ({bare} undefended)"


def cost(seconds: float) -> str:
    """Milliseconds with two figures, without a line break; seconds for long times."""
    return fine_duration(seconds).replace(" ", "\N{NO-BREAK SPACE}")


def explain(kind: type[Defense], made: Defense | None, model: str = "") -> None:
    """What the defence does, what each attacker does, and what breaks it, with the sources."""
    st.markdown(f"**{kind.title}.** {kind.summary} {citations.markdown(kind.paper)}")
    st.latex(kind.equation)
    if isinstance(made, TrainedDefense) and (how := how_trained(made, model)):
        st.markdown(how)
    st.markdown(f"**What breaks it.** {kind.broken_by} {citations.markdown(kind.breaker)}")
    st.markdown(f"**Unaware attacker.** {kind.unaware}")
    st.markdown(f"**Aware attacker.** {kind.aware}")
    if isinstance(made, Noisy):
        st.markdown(f"Each prediction counts {made.n:,} votes.")


def how_trained(made: TrainedDefense, model: str) -> str:
    """The attack in the training of the bundled network, from its recipe; empty where it has none."""
    try:
        recipe = zoo.index().get(f"{model}-{made.suffix}", {}).get("recipe", {})
    except zoo.ZooError:
        return ""
    objective = recipe.get("objective") or {}
    if objective.get("kind") not in ("fgsm", "pgd"):
        return ""
    steps = steps_of(objective.get("steps", 1), objective["step"])
    start = "a random start" if objective.get("random_start", True) else "the picture itself"
    told = f"**As bundled.** {steps} from {start}, within eps {in_255ths(objective['eps'])}."
    paper = " The paper takes 7 steps of 2/255 at eps 8/255 on CIFAR-10." * (made.paper == MADRY)
    return told + paper


def show_guarantee(
    look: Look, trials: dict[Attacker, DefenseTrial], request: Request, name: str
) -> None:
    """The votes under noise, and what they guarantee at the eps of the page."""
    assert look.certificate is not None
    names = request.model.class_names
    allowed = radius("l2", request.shown_eps, request.model)
    proofs = {"clean": look.certificate}
    for attacker, words in KNOWS.items():
        proof = trials[attacker].after.certificate if attacker in trials else None
        if proof is not None:
            proofs[f"adversarial, {words}"] = proof
    told = votes.promise(look.certificate, names, allowed)
    if look.certificate.radius and any(t.outcome is DefenseOutcome.WRONG for t in trials.values()):
        told += " It is not the picture's class: a certificate guarantees that an answer stays, not that "
        told += "it is right."
    st.markdown(told)
    plots.draw(
        votes.votes_chart(proofs, names),
        key=f"votes_{name}_{len(proofs)}",
        alt=f"Votes under noise by class for {', '.join(proofs)}.",
    )
    eps = f"Eps {on_both_scales(request.shown_eps)}"
    st.caption(votes.conditions(look.certificate, eps, allowed))
