"""The page Live training: the result of a training, in a sentence and beside the control."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from robust_core.dashboard.live_training import markup
from robust_core.dashboard.live_training.beside import Beside, difference, measured
from robust_core.dashboard.live_training.gaps import show_gaps
from robust_core.dashboard.live_training.training import described
from robust_core.dashboard.live_training.words import START_WORDS
from robust_core.evaluation.snapshot import Snapshot
from robust_core.training.live.train import LOSS_PICTURES, WATCHED, WATCHED_STEPS, Trained
from robust_core.words.numbers import in_255ths, share

GAP = 0.3
"""The least difference between old copies and a fresh attack that the page reports."""
MASKED_FROM = 0.05
"""Share of zero gradients from which the sentence is about them."""

FALL = 0.15
"""The least fall, from the best epoch under PGD to the last, in which the collapse itself shows."""
END_ONLY = (
    "This run shows the end state only: where catastrophic overfitting was found, on deeper networks, "
    "accuracy under PGD first rises and then suddenly falls to about 0 (Wong et al., 2020); here no epoch "
    "has more than {best}."
)


def show_results(trained: Trained, beside: Beside, verdict: DeltaGenerator) -> None:
    """The outcome, its sentence in ``verdict``, then the gaps; as far as the other network was measured."""
    at = trained.final
    base = measured(beside, at.eps, masked=is_masked(at))
    if base is None:
        return
    verdict.markdown(f"## {sentence(trained, beside, base)}")
    show_outcome(trained, beside, base)
    seen = measured(beside, at.eps, split="train")
    if seen is not None:
        show_gaps(trained, beside, seen, base)


def show_outcome(trained: Trained, beside: Beside, base: Snapshot) -> None:
    """Both networks side by side, with the conditions."""
    at = trained.final
    plan = trained.plan
    softened = ", of the logits / T" if plan.method == "distillation" else ""
    st.html(markup.table(base, at, (beside.head, "trained here"), masked=is_masked(at)))
    st.markdown(difference(plan, beside))
    if is_overfitted(at) and not is_masked(at):
        best = max(epoch.at.pgd for epoch in trained.history)
        if best - at.pgd < FALL:
            st.markdown(END_ONLY.format(best=share(best)))
    if plan.method == "static":
        st.markdown(old_and_fresh(base, at))
    st.caption(
        f"n = {at.n} test pictures, each attacked with its true label, on the logits unless noted: "
        f"Linf, eps "
        f"{at.eps:g} ({in_255ths(at.eps)}), FGSM and PGD with a random start and {at.steps} steps of "
        f"2.5 eps / {at.steps}. Old copies: made once, by FGSM of that eps on digits-cnn. "
        f"{described(plan)}, from {START_WORDS[plan.begins_with]}, seed {plan.seed}; "
        f"its training took {trained.seconds:.1f} s. The curves: {WATCHED} of these pictures, PGD with "
        f"{WATCHED_STEPS} steps; losses on {LOSS_PICTURES} training pictures, adversarial: one FGSM "
        f"step{softened}."
    )


def is_masked(at: Snapshot) -> bool:
    """Whether enough gradients are zero for the sentence to be about them."""
    return at.masked is not None and at.zero_gradients >= MASKED_FROM


def is_overfitted(at: Snapshot) -> bool:
    """Whether one step of attack fails and several succeed (Wong et al., 2020)."""
    return at.fgsm - at.pgd > 0.3 and at.pgd < 0.1


def sentence(trained: Trained, beside: Beside, base: Snapshot) -> str:
    """The result in one sentence, which names the attack and what it is compared with."""
    at = trained.final
    fgsm, pgd, old, bare = map(share, (at.fgsm, at.pgd, at.old, base.pgd))
    if is_masked(at):
        zero, masked = map(share, (at.zero_gradients, at.masked))
        return (
            f"Gradient masking: {zero} of the gradients are exactly zero. PGD through the softmax leaves "
            f"{masked} right, the same PGD on the logits {pgd}; {beside.words}: {bare}."
        )
    if trained.plan.method == "clean":
        return f"Under PGD it gets {pgd} of the pictures right: no defence was trained."
    if is_overfitted(at):
        return f"Catastrophic overfitting: it gets {fgsm} right under FGSM, and {pgd} under PGD."
    if trained.plan.method == "static":
        return f"Of the old copies it gets {old} right, under a fresh PGD {pgd}; {beside.words}: {bare}."
    return f"Under PGD it gets {pgd} of the pictures right, {beside.words} {bare}."


def old_and_fresh(base: Snapshot, at: Snapshot) -> str:
    """What learning from copies that were made once is worth, by the figures of this training."""
    old, fgsm, pgd, before, bare = map(share, (at.old, at.fgsm, at.pgd, base.old, base.pgd))
    found = (
        f"**Old copies** of the test pictures, made on digits-cnn: {old} right, {before} of the control, "
        f"which has not learned from such copies. **Fresh attacks** on the new weights leave {fgsm} (FGSM) "
        f"and {pgd} (PGD; control: {bare})."
    )
    if at.old is not None and at.old - at.pgd < GAP:
        return f"{found} At this eps the two lie close together: try a larger one."
    return (
        f"{found} It learned the pictures of one attack on one network, not to be right on every nearby "
        "picture; adversarial training makes them again in every step."
    )
