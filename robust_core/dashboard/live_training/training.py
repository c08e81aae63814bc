"""The page Live training: the training itself, with curves that grow, and the control beside it."""

import time

import streamlit as st

from robust_core.dashboard import lab
from robust_core.dashboard.components import buttons
from robust_core.dashboard.live_training import charts, markup
from robust_core.dashboard.live_training.beside import (
    WITHOUT,
    Beside,
    control_key,
    control_to_train,
    epoch_of,
    find_beside,
)
from robust_core.dashboard.live_training.words import WORDS
from robust_core.dashboard.settings import Reader, setting
from robust_core.engine import Reporter, key_of
from robust_core.training.live.control import control_of
from robust_core.training.live.train import METHODS, Epoch, Plan, Trained, train_live

SHOWN = "live_shown"
"""The setting that holds the name of the training on the page."""
REPLAY = 1.5
"""Seconds in which the curves of a training that was kept are drawn again."""
History = tuple[Epoch, ...]


def start(plan: Plan) -> None:
    """Have this plan trained, also if it was stopped before; it stays until another one takes its place.

    Remembers, for the page to report, whether this session or another had it trained before.
    """
    lab.allow(training_key(plan))
    if (control := control_of(plan)) is not None:
        lab.allow(control_key(control))
    before = lab.engine().peek(training_key(plan)) is not None
    st.session_state["_live"] = plan
    st.session_state["_live_before"] = st.session_state["_live_replay"] = before


def recall() -> None:
    """After a reload: the training that the address names, where the engine still has it."""
    known = Reader(lambda name: name if _found(name) else None, "is no longer kept")
    key = setting(SHOWN, "", known, called="Training", shown=str)
    trained = _found(st.session_state[key])
    if trained is not None and kept() is None:
        st.session_state["_live"] = trained.plan


def remember(trained: Trained) -> None:
    """Have the address name this training; call it before ``settings.publish``."""
    st.session_state[SHOWN] = str(training_key(trained.plan))


def kept() -> Plan | None:
    """The plan whose training is on the page, if any."""
    return st.session_state.get("_live")


def is_ready(plan: Plan) -> bool:
    """Whether its curves can be drawn at once: it is finished, and they are not to grow once more."""
    return _found(training_key(plan)) is not None and not st.session_state.get("_live_replay")


def _found(key: str) -> Trained | None:
    """The finished training of that name; None for any other name, which a link may bring."""
    found = lab.engine().peek(key)
    return found if isinstance(found, Trained) else None


def training_key(plan: Plan) -> str:
    """The name of its training in the cache."""
    return key_of(live=plan.choices)


def show_idea(plan: Plan) -> None:
    """What the method does, in a formula and a sentence."""
    words = WORDS[plan.method]
    st.html(markup.CSS)
    st.markdown(f"## {words.title}")
    st.latex(words.formula)
    st.markdown(words.shows)


def show_training(plan: Plan | None, shown: Plan) -> tuple[Trained, Beside] | None:
    """Two charts, empty before the first training, and growing during it; what was trained.

    ``plan`` is to be trained, and then its control; ``shown`` is that of the controls, for the axes of
    empty charts.
    """
    status = st.container(key="status")
    left, right = st.columns(2, gap="medium")
    lines = charts.accuracy_lines(plan or shown)
    axis = ("epoch", (plan or shown).epochs)
    forms = (
        charts.curves(charts.LOSSES, "cross-entropy, square-root scale", axis),
        charts.curves(lines, "share of pictures", axis, share=True),
    )
    # The empty charts are their own places: an st.empty before them would take the old ones away for a
    # moment at every rerun.
    with left:
        st.markdown("**Loss**, on training pictures")
        losses = st.vega_lite_chart(charts.loss_rows(()), forms[0])
    with right:
        st.markdown("**Right answers**, on test pictures")
        accuracies = st.vega_lite_chart(charts.accuracy_rows((), plan or shown), forms[1])

    def draw(history: History) -> None:
        losses.vega_lite_chart(charts.loss_rows(history), forms[0])
        accuracies.vega_lite_chart(charts.accuracy_rows(history, plan or shown), forms[1])

    if plan is None:
        status.info(
            "Press Train: it takes seconds, and the curves are drawn as the network learns."
        )
        return None
    with status:
        return _train_both(plan, draw)


def _train_both(plan: Plan, draw) -> tuple[Trained, Beside] | None:
    """The training with its curves, then the control; None where either was stopped."""
    if lab.stopped(training_key(plan)):
        _show_unfinished(plan, draw)
        return None
    more = control_to_train(plan) is not None
    first, second = ("Training (1 of 2)", " (2 of 2)") if more else ("Training", "")

    def watch(history: History) -> None:
        st.session_state["_live_so_far"] = (training_key(plan), history)
        draw(history)

    trained = train(plan, watch=watch, doing=first)
    if trained is None:
        return None
    if st.session_state.get("_live_before"):
        st.caption(
            "Kept from an earlier training with the same settings, which took "
            f"{trained.seconds:.1f} s when it was made; its curves are drawn again."
        )
    if st.session_state.get("_live_replay"):
        _replay(trained.history, draw)
        st.session_state["_live_replay"] = False
    draw(trained.history)
    beside = find_beside(plan, doing=f"{WITHOUT.capitalize()}{second}")
    return None if beside is None else (trained, beside)


def _replay(history: History, draw) -> None:
    """The curves epoch by epoch, quickly."""
    for count in range(1, len(history)):
        draw(history[:count])
        time.sleep(REPLAY / len(history))


def _show_unfinished(plan: Plan, draw) -> None:
    """The curves of a training that was stopped, and the way to train once more."""
    whose, history = st.session_state.get("_live_so_far", ("", ()))
    if whose == training_key(plan) and history:
        draw(history)
        st.info(
            f"Stopped after epoch {history[-1].number} of {plan.epochs}: the curves are those of an "
            "unfinished training, and no network was kept."
        )
    else:
        st.info("Stopped before the first epoch.")
    buttons.again(start, plan, key="live_again", label="Train it again")


def train(
    plan: Plan, *, channel: str = "live", doing: str = "Training", watch=None
) -> Trained | None:
    """The training, run by the engine, with a bar and a stop button; None where it was stopped."""

    def work(progress: Reporter) -> Trained:
        return train_live(plan, progress=progress, watch=progress.show)

    return lab.compute(
        training_key(plan),
        work,
        channel=channel,
        doing=doing,
        words=lambda k, n: _step_words(plan, k, n),
        watch=watch,
    )


def _step_words(plan: Plan, k: int, n: int) -> str:
    """Which epoch a step belongs to; those of a teacher come first."""
    rounds = plan.epochs * (2 if plan.method == "distillation" else 1)
    epoch = epoch_of(k, n, rounds)
    if plan.method != "distillation":
        return f"epoch {epoch} of {plan.epochs}"
    who, own = ("teacher", epoch) if epoch <= plan.epochs else ("student", epoch - plan.epochs)
    return f"the {who}, epoch {own} of {plan.epochs}"


def say_changed(plan: Plan | None, now: Plan) -> None:
    """A note that the controls no longer match what is shown."""
    if plan is not None and plan.choices != now.choices:
        st.caption(
            f"This is the last training ({described(plan)}). The settings have changed since: "
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
