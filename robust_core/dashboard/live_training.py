"""The page Live training: the training itself with its curves, and what came of it."""

import streamlit as st

from robust_core.dashboard import lab, live_charts, live_look
from robust_core.dashboard.live_words import (
    PRINTED,
    START_WORDS,
    WHY_PRINTED,
    WORDS,
    printed_sum,
)
from robust_core.engine import Progress, key_of
from robust_core.evaluation.soundings import Sounding
from robust_core.evaluation.verdict import in_255ths
from robust_core.training.live import (
    LOSS_PICTURES,
    METHODS,
    WATCHED,
    WATCHED_STEPS,
    Plan,
    Trained,
    train_live,
    undefended,
)

TRAINING = 1347
"""Pictures of the training set."""
GAP = 0.3
"""Between the old copies and a fresh attack: from here on they say different things."""
MASKED_FROM = 0.05
"""Share of zero gradients from which the result is about them."""


def start(plan: Plan) -> None:
    """Have this plan trained, also if it was stopped before; it stays until another one takes its place."""
    lab.allow(key(plan))
    st.session_state["_live"] = plan


def kept() -> Plan | None:
    """The plan whose training is on the page, if any."""
    return st.session_state.get("_live")


def key(plan: Plan) -> str:
    """The name of its training in the cache."""
    return key_of(live=plan.choices)


def show_idea(plan: Plan) -> None:
    """What the method does, in a formula and a sentence."""
    words = WORDS[plan.method]
    st.html(live_look.CSS)
    st.markdown(f"##### {words.title}")
    st.latex(words.formula)
    st.markdown(words.shows)


def show_training(plan: Plan | None, shown: Plan) -> Trained | None:
    """Two charts, empty before the first training, and growing during it; the outcome.

    ``plan`` is to be trained; ``shown`` is that of the controls, for the axes of empty charts.
    """
    status = st.container(key="status")
    left, right = st.columns(2, gap="medium")
    lines = live_charts.accuracy_lines(plan or shown)
    axis = ("epoch", (plan or shown).epochs)
    with left:
        st.markdown("**Loss**, on training pictures")
        losses = st.empty()
    with right:
        st.markdown("**Right answers**, on test pictures")
        accuracies = st.empty()
    forms = (
        live_charts.curves(live_charts.LOSSES, "cross-entropy", axis),
        live_charts.curves(lines, "share of pictures", axis, share=True),
    )

    def draw(history: tuple) -> None:
        losses.vega_lite_chart(live_charts.loss_rows(history), forms[0])
        accuracies.vega_lite_chart(live_charts.accuracy_rows(history, plan or shown), forms[1])

    draw(())
    if plan is None:
        status.info(
            "Press Train: it takes seconds, and the curves are drawn as the network learns."
        )
        return None
    with status:
        trained = train(plan, watch=draw)
    if trained is not None:
        draw(trained.history)
    return trained


def train(
    plan: Plan, *, channel: str = "live", doing: str = "Training", watch=None
) -> Trained | None:
    """The training by way of the engine, with a bar and a stop button; None where it was stopped."""

    def work(progress: Progress) -> Trained:
        return train_live(plan, progress=progress, watch=progress.show)

    return lab.compute(
        key(plan),
        work,
        channel=channel,
        doing=doing,
        words=lambda k, n: _step_words(plan, k, n),
        watch=watch,
    )


def _step_words(plan: Plan, k: int, n: int) -> str:
    """Which epoch a step belongs to; those of a teacher come first."""
    rounds = plan.epochs * (2 if plan.method == "distillation" else 1)
    epoch = min(rounds, 1 + k * rounds // max(1, n))
    if plan.method != "distillation":
        return f"epoch {epoch} of {plan.epochs}"
    who, own = ("teacher", epoch) if epoch <= plan.epochs else ("student", epoch - plan.epochs)
    return f"the {who}, epoch {own} of {plan.epochs}"


def say_changed(plan: Plan | None, now: Plan) -> None:
    """That the controls no longer belong to what is shown."""
    if plan is not None and plan.choices != now.choices:
        st.caption(
            f"Shown is the last training ({described(plan)}). The settings have changed since: "
            "press Train."
        )


def described(plan: Plan) -> str:
    """A plan in a few words."""
    own = {"alpha": "alpha", "weight": "lambda", "steps": "steps", "temperature": "T"}
    parts = [WORDS[plan.method].title, f"eps {plan.eps:g}"]
    parts += [f"{own[n]} {getattr(plan, n):g}" for n in METHODS[plan.method] if n in own]
    if plan.method == "fgsm" and not plan.random_start:
        parts.append("no random start")
    return ", ".join([*parts, f"{plan.epochs} epochs"])


def base_of(at: Sounding) -> Sounding | None:
    """The undefended network under the attacks of ``at``, measured once."""
    masked = is_masked(at)
    return lab.compute(
        key_of(live_base=at.eps, masked=masked),
        lambda progress: undefended(at.eps, masked=masked),
        channel="live_base",
        doing="Attacking the undefended network",
    )


def show_outcome(trained: Trained, base: Sounding) -> None:
    """A sentence, and both networks side by side with the conditions."""
    at, plan = trained.final, trained.plan
    softened = ", of the logits / T" if plan.method == "distillation" else ""
    st.markdown(f"##### {sentence(trained, base)}")
    st.html(live_look.table(base, at, "trained here", masked=is_masked(at)))
    if plan.method == "static":
        st.markdown(old_and_fresh(base, at))
    st.caption(
        f"n = {at.n} test pictures, each attacked with its true label, on the logits where nothing else is "
        f"said: Linf, eps "
        f"{at.eps:g} ({in_255ths(at.eps)}), FGSM and PGD with a random start and {at.steps} steps of "
        f"2.5 eps / {at.steps}. Old copies: made once, by FGSM of that eps on digits-cnn. "
        f"{described(plan)}, from {START_WORDS[plan.begins_with]}, seed {plan.seed}; "
        f"{trained.seconds:.1f} s. The curves: {WATCHED} of these pictures, PGD with {WATCHED_STEPS} "
        f"steps; losses on {LOSS_PICTURES} training pictures, adversarial: one FGSM step{softened}."
    )


def is_masked(at: Sounding) -> bool:
    """Whether so many gradients are zero that the result is about them."""
    return at.masked is not None and at.zero_gradients >= MASKED_FROM


def sentence(trained: Trained, base: Sounding) -> str:
    """What came of it, in one sentence that names the attack."""
    at = trained.final
    fgsm, pgd, old = map(live_look.share, (at.fgsm, at.pgd, at.old))
    if is_masked(at):
        zero, masked = map(live_look.share, (at.zero_gradients, at.masked))
        return (
            f"Gradient masking: {zero} of the gradients are exactly zero. PGD through the softmax leaves "
            f"{masked} right, the same PGD on the logits {pgd}."
        )
    if at.fgsm - at.pgd > 0.3 and at.pgd < 0.1:
        return f"Catastrophic overfitting: it gets {fgsm} right under FGSM, and {pgd} under PGD."
    if trained.plan.method == "static":
        return f"Of the old copies it gets {old} right, under a fresh PGD {pgd}."
    return (
        f"Under PGD it gets {pgd} of the pictures right, the undefended network "
        f"{live_look.share(base.pgd)}."
    )


def old_and_fresh(base: Sounding, at: Sounding) -> str:
    """What learning from copies that were made once is worth, by the figures of this training."""
    old, fgsm, pgd, before, bare = map(
        live_look.share, (at.old, at.fgsm, at.pgd, base.old, base.pgd)
    )
    found = (
        f"**Old copies** of the test pictures, made on the undefended network: {before} right before the "
        f"training, {old} after it. **Fresh attacks** on the new weights leave {fgsm} (FGSM) and {pgd} "
        f"(PGD; undefended: {bare})."
    )
    if at.old - at.pgd < GAP:
        return f"{found} At this eps the two lie close together: try a larger one."
    return (
        f"{found} It learned the pictures of one attack on one network, and not that no picture near by is "
        "wrong; adversarial training makes them anew in every step."
    )


def show_depth(plan: Plan) -> None:
    """The two loops, what breaks the method, the form in print, and the sources."""
    words = WORDS[plan.method]
    st.markdown("##### One step of the training: a loop in a loop")
    st.html(live_look.flow(plan))
    rounds = -(-TRAINING * (2 if plan.method == "static" else 1) // plan.recipe.batch)
    twice = " for the teacher and as many for the student" * (plan.method == "distillation")
    st.caption(
        f"{rounds} such steps are an epoch; here {plan.epochs}{twice}. Robust optimisation: the inner loop "
        "looks for the worst picture, the outer one learns from it (Madry et al., 2018, equation 2.1)."
    )
    st.markdown("##### What breaks it")
    st.markdown(words.breaks)
    st.caption("; ".join(f"[{paper}]({paper.link})" for paper in words.papers) + ".")
    if plan.method == "lambda":
        st.markdown("##### As printed")
        st.latex(PRINTED)
        wrong = printed_sum(plan.weight)
        st.markdown(WHY_PRINTED.format(wrong=wrong, weight=plan.weight))
