"""Whether a result can be trusted: the model's run-time flags, beside the indicators of attack failure."""

from collections.abc import Iterable, Mapping

import streamlit as st
import torch

from robust_core import papers, zoo
from robust_core.attacks import Attack
from robust_core.classifier import Classifier
from robust_core.dashboard import lab
from robust_core.dashboard.compared_defense import UNDEFENDED, ComparedDefense
from robust_core.data.fitting import to_tensor
from robust_core.defenses import Defended
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.evaluation.flags import Flag, Flags, run_time_flags
from robust_core.experiment.defended import Attacker
from robust_core.experiment.failure import Failure, Indicator
from robust_core.experiment.indicators import indicators
from robust_core.experiment.perform import Experiment
from robust_core.words import citations
from robust_core.words.failure import failure_sentence, flags_sentence

TITLE = "Trust"
ON_A_PAIR = (
    "An attack on a classifier and its detector at once is not examined here: choose one on the "
    "classifier alone."
)
GOOD, BAD, UNKNOWN = ("green", "check"), ("red", "warning"), ("gray", "remove")


def show_trust(
    undefended: ComparedDefense, experiment: Experiment, rows: Iterable[ComparedDefense] = ()
) -> None:
    """The run to look at, where there are several; then flags and indicators side by side."""
    if undefended.request.attack.on_a_pair:
        st.info(ON_A_PAIR)
        return
    runs: dict[str, tuple[ComparedDefense, Attacker]] = {UNDEFENDED: (undefended, Attacker.UNAWARE)}
    for row in rows:
        for attacker in Attacker if row.defense is not None else ():
            runs[f"{row.kind.title}, {attacker} attacker"] = row, attacker
    chosen = UNDEFENDED
    if len(runs) > 1:
        chosen = st.selectbox("The run", list(runs), key="trust_run", width=380)
    row, attacker = runs.get(chosen, runs[UNDEFENDED])
    found = lab.compute(
        key_of(trust=row.trial_key(attacker), label=experiment.label.index),
        lambda progress: examine(row, attacker, experiment, progress),
        channel="trust",
        doing="Watching the attack once more, then without its bound",
    )
    if found is None:
        return
    flags, failure = found
    left, right = st.columns([1, 1.25], gap="medium")
    with left:
        show_flags(flags)
    with right:
        show_failure(failure)


def examine(
    row: ComparedDefense, attacker: Attacker, experiment: Experiment, progress: Reporter
) -> tuple[Flags, Failure]:
    """Flags of the deployed model and indicators of the run; called in a thread of the engine."""
    request = row.request

    def on(device: torch.device) -> tuple[Flags, Failure]:
        model: Classifier = zoo.load(request.model.name, device)
        model = row.defense(model) if row.defense else model
        attack: Attack = request.attack
        attacked: torch.nn.Module = model
        if isinstance(model, Defended):
            attack, attacked = model.attacked_by(attack, adaptive=attacker is Attacker.AWARE)
        picture = to_tensor(request.pixels()).to(device)
        failure = indicators(
            model,
            picture,
            experiment.label.index,
            attack,
            attacked=attacked,
            goal=request.goal,
            mask=request.mask(),
            progress=progress,
        )
        # A flag on the batch needs other pictures: these are at hand.
        several = torch.cat([picture, picture.flip(3), picture.flip(2), 1 - picture])
        return run_time_flags(model, several, attack=attack), failure

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)


def show_flags(flags: Flags) -> None:
    """A line for each flag; what was found of those that are raised."""
    st.markdown(
        f"**Flags of the model.** {flags_sentence(flags)}",
        help="Found by asking the deployed model about the picture, mirrored and inverted, as AutoAttack "
        f"does before it begins. {citations.markdown(papers.CROCE)}",
    )
    flag_lines(flags.each)


def flag_lines(flags: Iterable[Flag]) -> None:
    """What was found behind each flag."""
    for flag in flags:
        _line({True: BAD, False: GOOD, None: UNKNOWN}[flag.raised], flag.question, flag.sentence)


def show_failure(failure: Failure) -> None:
    """A line for each indicator: what it measures, its value, and what to do where it is high."""
    st.markdown(
        f"**Indicators of attack failure.** {failure_sentence(failure)}",
        help="Of this run on this picture, each from 0 to 1. They matter where the attack fails. "
        f"{citations.markdown(papers.PINTOR)}",
    )
    for one in failure.each:
        _indicator(one, failure.failed)


def _indicator(one: Indicator, failed: bool) -> None:
    kind = one.kind
    look = UNKNOWN if one.value is None or (one.high and not failed) else BAD if one.high else GOOD
    value = "does not apply" if one.value is None else f"{one.value:.2f}"
    remedy = f" *{kind.remedy}*" if one.high and failed else ""
    _line(look, f"{kind.title}: {value}", f"{one.sentence}{remedy}", kind.measures)


def _line(look: tuple[str, str], head: str, told: str, help: str | None = None) -> None:
    colour, icon = look
    st.markdown(f":{colour}[:material/{icon}:] **{head}** {told}", help=help)


def raised_by(flags: Mapping[str, Iterable[Flag]]) -> str:
    """For the foot of a table: each flag with the titles of the models that raise it; empty for none."""
    names: dict[str, list[str]] = {}
    for title, each in flags.items():
        for flag in each:
            if flag.raised:
                names.setdefault(flag.name, []).append(title)
    return "; ".join(
        f"**{name.replace('-', ' ')}** ({', '.join(titles)})" for name, titles in names.items()
    )
